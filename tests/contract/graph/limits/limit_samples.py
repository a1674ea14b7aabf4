"""What the tests of Meta's limits share: threads, answers of Meta."""

from __future__ import annotations

import json
from datetime import timedelta

from channels.core.events import Thread
from tests.contract.graph.scripted_graph import (
    Act,
    accepted,
    refused,
)

ADA = Thread(page="111", user="222")
ON_OTHER_PAGE = Thread(page="333", user="444")
SECOND = timedelta(seconds=1)
SENT = accepted(recipient_id="222", message_id="m_1")
PAGE = accepted(id="111")
VIDEO = {"attachment": {"type": "video", "payload": {"url": "https://example.org/v.mp4"}}}


def throttled(code: int = 80006, minutes: float = 5) -> Act:
    usage = {"1": [{"type": "messenger", "estimated_time_to_regain_access": minutes}]}
    reply = refused(code=code, message="Too many calls")
    return type(reply)(
        status=reply.status,
        body=reply.body,
        headers={"X-Business-Use-Case-Usage": json.dumps(usage)},
    )
