"""A store that does not record a delivery: Meta is told to repeat it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from channels.core.errors import StoreUnavailable
from channels.engine.engine import STORE_LINE_INTERVAL
from channels.webhook.receiver import WebhookReceiver
from tests.unit.channels.webhook.test_own_echoes import HearingEngine, receiver_of, request_of

TIMES = 300

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
    webhook = receiver_of(engine)
    with caplog.at_level(logging.ERROR):
        for _ in range(TIMES):
            await answered(webhook)
        engine.clock.advance(STORE_LINE_INTERVAL)
        await answered(webhook)
    first, then = [record.getMessage() for record in caplog.records]
    assert "(1 times since the last such line)" in first
    assert f"({TIMES} times since the last such line)" in then
    assert then.endswith("the store has not answered for 4.5 s.")
