"""A store that lets a delivery wait: Meta is told in time to repeat it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from channels.core.events import Event
from tests.unit.channels.webhook.test_own_echoes import HearingEngine, receiver_of, request_of

USER_SAYS = {
    "sender": {"id": "222"},
    "recipient": {"id": "111"},
    "message": {"mid": "m_1", "text": "hi"},
}


class SlowEngine(HearingEngine):
    """Records nothing before `goes_on`."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self.was_too_slow = False

    async def accept(self, events: list[Event]) -> None:
        await self.goes_on.wait()
        await super().accept(events)

    def too_slow(self) -> None:
        self.was_too_slow = True


async def answered(engine: HearingEngine) -> int:
    entry = {"id": "111", "time": 1, "messaging": [USER_SAYS]}
    answer = await receiver_of(engine).receive(request_of({"object": "page", "entry": [entry]}))
    return int(answer.status)


async def test_a_delivery_that_is_not_recorded_in_time_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("channels.webhook.receiver.ACCEPT_LIMIT", timedelta(milliseconds=20))
    engine = SlowEngine()

    assert await answered(engine) == 503
    assert engine.was_too_slow

    engine.goes_on.set()
    assert await answered(engine) == 200
