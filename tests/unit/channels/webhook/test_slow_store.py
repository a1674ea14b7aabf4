"""A store that does not record a delivery: Meta is told to repeat it."""

from __future__ import annotations

from typing import Any

from channels.core.errors import StoreUnavailable
from tests.unit.channels.webhook.test_own_echoes import HearingEngine, receiver_of, request_of

USER_SAYS = {
    "sender": {"id": "222"},
    "recipient": {"id": "111"},
    "message": {"mid": "m_1", "text": "hi"},
}


class RefusingEngine(HearingEngine):
    """Records nothing while it `refuses`."""

    refuses = True

    async def accept(self, *events: Any, **named: Any) -> None:
        if self.refuses:
            raise StoreUnavailable("the store has not answered for 4.5 s.")
        await super().accept(*events, **named)


async def answered(engine: HearingEngine) -> int:
    entry = {"id": "111", "time": 1, "messaging": [USER_SAYS]}
    answer = await receiver_of(engine).receive(request_of({"object": "page", "entry": [entry]}))
    return int(answer.status)


async def test_a_delivery_that_is_not_recorded_is_refused_until_it_is() -> None:
    engine = RefusingEngine()
    assert await answered(engine) == 503

    engine.refuses = False
    assert await answered(engine) == 200
