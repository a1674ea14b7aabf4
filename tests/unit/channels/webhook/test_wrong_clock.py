"""What comes in on a machine whose clock is wrong, once Meta has told the time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.instruments.clock import SharedClock
from tests.fakes.clock import ManualClock
from tests.unit.channels.webhook.test_own_echoes import NOW, HearingEngine, receiver_of, request_of


@pytest.mark.parametrize("ahead", [timedelta(days=-3), timedelta(days=3)])
async def test_it_is_taken_in_by_metas_time(ahead: timedelta) -> None:
    engine: Any = HearingEngine()
    engine.clock = SharedClock(ManualClock(NOW + ahead), skew=lambda: -ahead)
    says = {
        "sender": {"id": "222"},
        "recipient": {"id": "111"},
        "timestamp": int(NOW.timestamp() * 1000),
        "message": {"mid": "m_1", "text": "hi"},
    }
    delivery = {"object": "page", "entry": [{"id": "111", "time": 1, "messaging": [says]}]}
    answer = await receiver_of(engine).receive(request_of(delivery))
    assert answer.status == 200
    assert [(event.at, event.received_at) for event in engine.events] == [(NOW, NOW + ahead)]
