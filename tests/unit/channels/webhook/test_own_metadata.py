"""`get_metadata(request)` of a subclass, asked for each event of a delivery."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any, cast

import pytest
from sanic.request import Request

from channels.core.briefing.turns import metadata_for_rasa
from channels.core.meta.app_secret import signature
from channels.core.settings.settings import parse_settings
from channels.engine.engine import Engine
from channels.webhook.own_metadata import MetadataOf
from channels.webhook.receiver import WebhookReceiver
from tests.fakes.clock import ManualClock
from tests.unit.channels.webhook.test_own_echoes import APP, NOW, SECRET, HearingEngine, Pieces


class StreamedRequest:
    """What the channel and a subclass look at in Sanic's request, whose body is read in pieces."""

    def __init__(self, body: bytes, **headers: str) -> None:
        self.headers = {"X-Hub-Signature-256": signature(body, SECRET), **headers}
        self.stream = Pieces(body)
        self.transport = asyncio.Transport()
        self.body = b""
        self.parsed_json: Any = None

    @property
    def json(self) -> Any:
        if self.parsed_json is None:
            self.parsed_json = json.loads(self.body)
        return self.parsed_json


def item(mid: str | None, text: str = "hello", **more: Any) -> dict[str, Any]:
    message = {"text": text} if mid is None else {"mid": mid, "text": text}
    return {"sender": {"id": "222"}, "recipient": {"id": "111"}, "message": message, **more}


async def taken(
    metadata_of: MetadataOf | None, *entries: dict[str, Any], **headers: str
) -> list[dict[str, Any]]:
    """The metadata that Rasa gets of each message of a delivery."""
    engine = HearingEngine()
    section = {"verify": "v", "secret": SECRET, "page-access-token": "t", "app-id": APP}
    receiver = WebhookReceiver(
        settings=parse_settings(section),
        clock=ManualClock(NOW),
        engine=lambda: cast(Engine, engine),
        metadata_of=metadata_of,
    )
    listed = [{"id": "111", "time": 1, **entry} for entry in entries]
    body = json.dumps({"object": "page", "entry": listed}).encode()
    answer = await receiver.receive(cast(Request, StreamedRequest(body, **headers)))
    assert answer.status == 200
    return [metadata_for_rasa(cast(Any, event)) for event in engine.events]


def first_text(request: Request) -> dict[str, Any]:
    """As a project that comes from Rasa's own channel has written it."""
    [event] = request.json["entry"][0]["messaging"]
    return {"seen": event["message"]["text"]}


async def test_each_event_has_its_own() -> None:
    told = await taken(
        first_text,
        {"messaging": [item("m_1", "one"), item("m_2", "two"), item(None, "three")]},
        {"messaging": [item("m_3", "four")]},
    )
    assert [each["seen"] for each in told] == ["one", "two", "three", "four"]


async def test_it_may_look_at_the_request_s_headers() -> None:
    [told] = await taken(
        lambda request: {"proxy": request.headers["X-Proxy"]},
        {"messaging": [item("m_1")]},
        **{"X-Proxy": "eu"},
    )
    assert told["proxy"] == "eu"


async def test_what_carries_nothing_beside_a_message_does_not_shift_the_rest() -> None:
    read = {"sender": {"id": "222"}, "recipient": {"id": "111"}, "read": {"watermark": 1}}
    told = await taken(first_text, {"messaging": [read, item("m_1", "one"), read]})
    assert [each["seen"] for each in told] == ["one"]


async def test_its_words_count_before_the_channel_s() -> None:
    [told] = await taken(
        lambda _: {"page": "shop", "prior_message": "none"},
        {"messaging": [item("m_1", prior_message={"source": "comment"})]},
    )
    assert (told["page"], told["prior_message"]) == ("shop", "none")


@pytest.mark.parametrize("returned", [None, {}])
async def test_it_may_say_nothing(returned: dict[str, Any] | None) -> None:
    [told] = await taken(lambda _: returned, {"messaging": [item("m_1")]})
    assert set(told) == {"page", "timestamp"}


@pytest.mark.parametrize("returned", ["x", [1], {"a": object()}, 7])
async def test_what_json_can_not_hold_loses_no_message(
    returned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    [told] = await taken(lambda _: returned, {"messaging": [item("m_1")]})
    assert set(told) == {"page", "timestamp"}
    assert "get_metadata" in caplog.text


async def test_one_that_fails_loses_no_message_and_quotes_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(request: Request) -> dict[str, Any]:
        raise KeyError(request.json["entry"][0]["messaging"][0]["message"]["text"])

    told = await taken(fails, {"messaging": [item("m_1", "my secret")]})
    assert len(told) == 1
    assert "secret" not in caplog.text


async def test_without_one_nothing_is_asked() -> None:
    [told] = await taken(None, {"messaging": [item("m_1")]})
    assert set(told) == {"page", "timestamp"}


async def test_a_part_that_is_left_out_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    await taken(first_text, {"messaging": [item("m_1"), item("m_2", quick_reply=1), 7]})
    assert [record.name for record in caplog.records] == ["channels.webhook.decoding"]


async def test_a_long_delivery_is_taken_apart_beside_the_event_loop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await taken(first_text, {"messaging": [item("m_1", "long" * 10_000)], "standby": 7})
    odd = [record for record in caplog.records if record.name == "channels.webhook.own_metadata"]
    assert [record.thread == threading.get_ident() for record in odd] == [False]
