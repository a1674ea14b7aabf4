"""A store that does not record a delivery: Meta is told to repeat it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from channels.core.errors import StoreUnavailable
from channels.engine.engine import STORE_LINE_INTERVAL
from channels.webhook.receiver import WebhookReceiver
from tests.unit.channels.webhook.test_own_echoes import HearingEngine, receiver_of, request_of
from tests.unit.channels.webhook.test_strangers import lines_of_many

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


async def answered(webhook: WebhookReceiver) -> int:
    entry = {"id": "111", "time": 1, "messaging": [USER_SAYS]}
    answer = await webhook.receive(request_of({"object": "page", "entry": [entry]}))
    return int(answer.status)


async def test_a_delivery_that_is_not_recorded_is_refused_until_it_is() -> None:
    engine = RefusingEngine()
    webhook = receiver_of(engine)
    assert await answered(webhook) == 503

    engine.refuses = False
    assert await answered(webhook) == 200


async def test_a_store_that_is_away_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = RefusingEngine()
    deliver = partial(answered, receiver_of(engine))
    lines = await lines_of_many(caplog, deliver, engine, again_after=STORE_LINE_INTERVAL)
    assert all(line.endswith("the store has not answered for 4.5 s.") for line in lines)
