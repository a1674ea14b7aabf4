"""Long bodies take room only while they are in hand."""

from __future__ import annotations

import asyncio

import pytest

from channels.webhook import bodies
from tests.unit.channels.webhook.test_own_echoes import (
    HearingEngine,
    delivered,
    receiver_of,
    request_of,
)


class CutOff:
    """A body whose sender goes away in its midst."""

    def __init__(self) -> None:
        self._pieces = [b"m" * (bodies.USUAL_DELIVERY + 300)]

    async def read(self) -> bytes:
        if not self._pieces:
            raise asyncio.CancelledError
        return self._pieces.pop()


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the long deliveries here fits, two don't."""
    monkeypatch.setattr(bodies, "MOST_IN_FLIGHT", 400)


async def test_a_long_delivery_that_was_answered_makes_room_for_the_next() -> None:
    engine = HearingEngine()
    receiver = receiver_of(engine)
    for _ in range(3):
        await delivered(engine, "m" * bodies.USUAL_DELIVERY, "777", receiver)
    assert len(engine.events) == 3


async def test_one_that_is_cut_off_makes_room_as_well() -> None:
    engine = HearingEngine()
    receiver = receiver_of(engine)
    request = request_of({})
    request.stream = CutOff()
    with pytest.raises(asyncio.CancelledError):
        await receiver.receive(request)

    await delivered(engine, "m" * bodies.USUAL_DELIVERY, "777", receiver)
    assert len(engine.events) == 1
