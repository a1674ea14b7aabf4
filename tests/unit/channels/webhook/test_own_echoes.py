"""What the webhook makes of echoes: the channel's own prove that its messages went out."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sanic.request import Request

from channels.core.events import Event
from channels.core.meta.app_secret import marked, signature
from channels.core.settings.settings import parse_settings
from channels.engine.engine import Engine
from channels.webhook.receiver import ACCEPT_LIMIT, WebhookReceiver
from tests.fakes.clock import ManualClock

SECRET, APP = "the-app-secret", "900"
NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
MARK = marked("5f0c8f4e", SECRET)


class Pieces:
    """A body as Sanic reads it from the connection."""

    def __init__(self, body: bytes) -> None:
        self._left = [body[:7], body[7:]]
        self.request_max_size = 0

    async def read(self) -> bytes | None:
        return self._left.pop(0) if self._left else None


class HearingEngine:
    """Keeps what the webhook tells the engine."""

    def __init__(self) -> None:
        self.marks: list[str] = []
        self.events: list[Event] = []
        self.clock = ManualClock(NOW)
        self.metrics = SimpleNamespace(acknowledged=lambda _status, _took: None)
        self.own_pages = SimpleNamespace(rule_out=lambda _thread: False)
        self.intake = self

    async def accept(
        self, events: list[Event], *, own_echoes: list[str], within: timedelta
    ) -> None:
        assert within == ACCEPT_LIMIT
        self.marks += own_echoes
        self.events += events


@pytest.fixture
def engine() -> HearingEngine:
    return HearingEngine()


async def delivered(
    engine: HearingEngine,
    metadata: str | None,
    app_id: str | None,
    receiver: WebhookReceiver | None = None,
) -> None:
    """An echo comes in: of a message with this metadata, that this app has sent."""
    message: dict[str, Any] = {"is_echo": True, "mid": "m_1", "text": "Hello"}
    if app_id is not None:
        message["app_id"] = int(app_id)
    if metadata is not None:
        message["metadata"] = metadata
    echo = {"sender": {"id": "111"}, "recipient": {"id": "222"}, "message": message}
    entry = {"id": "111", "time": 1, "messaging": [echo]}
    receiver = receiver or receiver_of(engine)
    answer = await receiver.receive(request_of({"object": "page", "entry": [entry]}))
    assert answer.status == 200


def receiver_of(engine: HearingEngine) -> WebhookReceiver:
    section = {"verify": "v", "secret": SECRET, "page-access-token": "t", "app-id": APP}
    return WebhookReceiver(
        settings=parse_settings(section),
        clock=engine.clock,
        engine=lambda: cast(Engine, engine),
    )


def request_of(delivery: dict[str, Any]) -> Request:
    body = json.dumps(delivery).encode()
    request = SimpleNamespace(
        headers={"X-Hub-Signature-256": signature(body, SECRET)},
        stream=Pieces(body),
        transport=asyncio.Transport(),
    )
    return cast(Request, request)


@pytest.mark.parametrize("own", ["", " promo", " ", " a b.c", " 5f0c8f4e.0123456789abcdef"])
async def test_an_echo_is_known_by_its_mark_whatever_a_response_has_added(
    engine: HearingEngine, own: str
) -> None:
    await delivered(engine, MARK + own, APP)
    assert (engine.marks, engine.events) == ([MARK], [])


@pytest.mark.parametrize("metadata", [None, "", "promo", "m" * 999, f"promo {MARK}", "\x00"])
async def test_what_else_the_app_sends_is_no_proof_and_no_news(
    engine: HearingEngine, metadata: str | None
) -> None:
    await delivered(engine, metadata, APP)
    assert (engine.marks, engine.events) == ([], [])


async def test_under_a_wrong_app_id_a_response_with_metadata_is_not_an_operator_s(
    engine: HearingEngine,
) -> None:
    await delivered(engine, f"{MARK} promo", "123456")
    assert (engine.marks, engine.events) == ([MARK], [])


async def test_a_wrong_app_id_is_told_once(
    engine: HearingEngine, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = receiver_of(engine)
    for _ in range(2):
        await delivered(engine, MARK, "123456", receiver)
    [told] = caplog.messages
    assert "app 123456" in told
    assert "'app-id' in credentials.yml" in told


async def test_a_mark_without_an_app_s_id_is_proof_enough(
    engine: HearingEngine, caplog: pytest.LogCaptureFixture
) -> None:
    await delivered(engine, MARK, None)
    assert (engine.marks, engine.events, caplog.messages) == ([MARK], [], [])


async def test_another_app_s_echo_is_news(engine: HearingEngine) -> None:
    await delivered(engine, "promo", "123456")
    assert (engine.marks, len(engine.events)) == ([], 1)


async def test_what_is_of_another_page_is_not_even_recorded(engine: HearingEngine) -> None:
    engine.own_pages.rule_out = lambda thread: thread.page == "111"
    await delivered(engine, None, "777")
    assert engine.events == []
