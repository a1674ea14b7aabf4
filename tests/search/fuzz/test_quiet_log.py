"""What people write is in no log line of a served channel, whatever fails, at any level."""

from __future__ import annotations

import logging

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.engine.exceptions import GraphComponentException

from channels.webhook import receiver
from tests.search.fuzz.raw_requests import delivery, message
from tests.search.fuzz.served_channel import ServedChannel

SENTINEL = "Marzipan4711"


def fail(text: str) -> None:
    """As Rasa's graph does when a component of the pipeline can't deal with a text."""
    try:
        int(text)
    except ValueError as error:
        raise GraphComponentException(f"Error in a component, of {text}") from error


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "channels")
    return caplog


async def test_a_component_that_fails_is_told_without_the_text(
    channel: ServedChannel,
    user: str,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listen = channel.agent.handle_message

    async def handle(heard: UserMessage) -> None:
        if SENTINEL in heard.text:
            logging.getLogger("rasa.core.processor").warning("Can't parse %r", heard.text)
            fail(heard.text)
        await listen(heard)

    monkeypatch.setattr(channel.agent, "handle_message", handle)
    monkeypatch.setattr(channel.agent.processor, "handle_message", handle, raising=False)
    assert await channel.delivers(delivery(message(user, f"my card is {SENTINEL}"))) == 200
    assert await channel.delivers(delivery(message(user, "after"))) == 200
    await channel.hears(user, "after")
    assert "An event is set aside for good" in log.text
    assert "GraphComponentException" in log.text
    assert "ValueError" in log.text
    assert SENTINEL not in log.text
    assert SENTINEL not in str([vars(record) for record in log.records])


async def test_a_delivery_that_fails_in_an_unforeseen_way_is_told_without_its_text(
    channel: ServedChannel,
    user: str,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decode(body: bytes, _: object) -> None:
        raise KeyError(body.decode())

    monkeypatch.setattr(receiver, "decode_delivery", decode)
    assert await channel.delivers(delivery(message(user, SENTINEL))) == 500
    assert "could not be taken in" in log.text
    assert SENTINEL not in log.text
