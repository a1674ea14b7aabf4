"""Deliveries of one Page, to be varied."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from channels.core.events import (
    Event,
    SignOfLife,
    TakenBack,
    UserMessage,
)
from channels.webhook.decoding import decode_delivery

PAGE, USER = "11", "22"
SENT_MS = 1788000000000
SENT = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
NOW = SENT + timedelta(seconds=1)


def item(**changes: Any) -> dict[str, Any]:
    return {"sender": {"id": USER}, "recipient": {"id": PAGE}, "timestamp": SENT_MS, **changes}


def message(mid: str = "m_1", text: Any = "hello", **changes: Any) -> dict[str, Any]:
    return item(message={"mid": mid, "text": text, **changes})


def delivery(*items: Any, array: str = "messaging", page: Any = PAGE) -> bytes:
    body = {"object": "page", "entry": [{"id": page, "time": SENT_MS, array: list(items)}]}
    return json.dumps(body).encode()


def with_text(escaped: bytes) -> bytes:
    """A delivery whose text has these very bytes between its quotes."""
    return delivery(message(text="TEXT")).replace(b"TEXT", escaped)


def decoded(body: bytes) -> list[Event]:
    return decode_delivery(body, NOW)


def texts(body: bytes) -> list[str | None]:
    """What Rasa would read of a delivery of messages; nothing of those that say nothing."""
    events = decoded(body)
    assert all(isinstance(event, (UserMessage, SignOfLife, TakenBack)) for event in events)
    return [event.text for event in events if isinstance(event, UserMessage)]


def keys(body: bytes) -> list[str]:
    return [event.key for event in decoded(body)]
