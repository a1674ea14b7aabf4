"""What anybody may send to the webhook does not fill the log."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sanic.request import Request

from channels.webhook.receiver import WebhookReceiver
from tests.unit.channels.webhook.test_own_echoes import HearingEngine, receiver_of, request_of

TIMES = 300
MINUTE = timedelta(minutes=1)

Call = Callable[[WebhookReceiver], Awaitable[Any]]


async def post_unsigned(webhook: WebhookReceiver) -> None:
    request = request_of({"object": "page"})
    request.headers.clear()
    assert (await webhook.receive(request)).status == 403


async def post_signed_by_another(webhook: WebhookReceiver) -> None:
    request = request_of({"object": "page"})
    request.headers["X-Hub-Signature-256"] = f"sha256={'0' * 64}"
    assert (await webhook.receive(request)).status == 403


async def guess_the_verify_token(webhook: WebhookReceiver) -> None:
    request = SimpleNamespace(args={"hub.verify_token": "a guess"})
    assert (await webhook.handshake(cast(Request, request))).status == 403


async def lines_of_many(
    caplog: pytest.LogCaptureFixture,
    call: Callable[[], Awaitable[Any]],
    engine: HearingEngine,
    *,
    again_after: timedelta,
) -> list[str]:
    """The two lines that are logged of many calls, and of one more after this long."""
    with caplog.at_level(logging.WARNING):
        for _ in range(TIMES):
            await call()
        engine.clock.advance(again_after)
        await call()
    first, then = [record.getMessage() for record in caplog.records]
    assert "(1 times since the last such line)" in first
    assert f"({TIMES} times since the last such line)" in then
    return [first, then]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (post_unsigned, "without X-Hub-Signature-256"),
        (post_signed_by_another, "was not signed with this app's secret"),
        (guess_the_verify_token, "with another verify token"),
    ],
)
async def test_a_line_of_each_kind_is_written_once_a_minute(
    caplog: pytest.LogCaptureFixture, call: Call, told: str
) -> None:
    engine = HearingEngine()
    webhook = receiver_of(engine)
    lines = await lines_of_many(caplog, partial(call, webhook), engine, again_after=MINUTE)
    assert all(told in line for line in lines)
