"""The channel takes in what Meta sends, and is silent when it must be."""

from __future__ import annotations

import json
import time

import pytest
from aiohttp import ClientSession

from demo.stack import Stack
from tests.stack.acceptance.conversation import Conversation
from tests.stack.acceptance.rasa_api import Rasa


async def post(stack: Stack, body: object, *, sign: bool = True) -> int:
    """Post a hand-made delivery to the channel, signed as the emulator signs; the status."""
    delivery = {"app_id": stack.platform.bot.id, "body": body, "sign": sign}
    answer = await stack.platform.call("POST", "webhooks", delivery)
    status: int = answer["status"]
    return status


def now_ms() -> int:
    """Meta's time; an event that is days old would be left out."""
    return time.time_ns() // 1_000_000


def message(user: str, text: str, mid: str) -> dict[str, object]:
    return {
        "sender": {"id": user},
        "recipient": {"id": "111000111000111"},
        "timestamp": str(now_ms()),
        "message": {"mid": mid, "text": text},
    }


def delivery(stack: Stack, **arrays: object) -> dict[str, object]:
    entry = {"id": stack.platform.page, "time": now_ms(), **arrays}
    return {"object": "page", "entry": [entry]}


async def test_the_handshake_answers_metas_challenge(stack: Stack) -> None:
    handshake = {"app_id": stack.platform.bot.id}
    answer = await stack.platform.call("POST", "handshake", handshake)
    assert answer["verified"], answer


async def test_a_handshake_with_another_token_is_refused(stack: Stack, http: ClientSession) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1"}
    async with http.get(f"{stack.channel_url}/webhook", params=query) as answer:
        assert answer.status == 403


async def test_an_unsigned_delivery_is_refused_and_not_handled(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    body = delivery(stack, messaging=[message(chat.user, "hello", "m_unsigned")])
    assert await post(stack, body, sign=False) == 403
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    assert await rasa.texts(chat.user, until="goodbye") == ["goodbye"]


async def test_a_delivery_signed_by_somebody_else_is_refused(
    stack: Stack, http: ClientSession
) -> None:
    headers = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    async with http.post(f"{stack.channel_url}/webhook", data=b"{}", headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        7,
        None,
        {"object": "page"},
        {"object": "page", "entry": {}},
        {"object": "page", "entry": [{}]},
        {"object": "page", "entry": [{"id": 1, "messaging": "none"}]},
        {"object": "page", "entry": [{"id": "1", "standby": [{"sender": None}]}]},
        {
            "object": "page",
            "entry": [{"id": "1", "messaging": [{"sender": {"id": "2"}, "new": 1}]}],
        },
        {"object": "page", "entry": [{"id": "1", "messaging": [{"postback": {"title": "x"}}]}]},
        {"object": "whatsapp_business_account", "entry": []},
    ],
    ids=json.dumps,
)
async def test_a_signed_delivery_of_any_shape_is_accepted(stack: Stack, body: object) -> None:
    assert await post(stack, body) == 200


@pytest.mark.parametrize("body", ["", "{", "hello", '{"object": "page", "entry": [}'])
async def test_a_signed_delivery_that_is_not_json_is_a_bad_request(stack: Stack, body: str) -> None:
    assert await post(stack, body) == 400


async def test_every_event_of_every_entry_is_handled(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    one = delivery(
        stack,
        messaging=[message(chat.user, "hello", "m_1"), message(chat.user, "thank you", "m_2")],
    )
    two = delivery(stack, messaging=[message(chat.user, "goodbye", "m_3")])
    both = {"object": "page", "entry": [*one["entry"], *two["entry"]]}  # type: ignore[misc]
    await chat.says("hello")  # opens Messenger's 24 hours, so that the bot may answer
    await chat.hears("I am the bot of this page")
    assert await post(stack, both) == 200
    await chat.hears("You're welcome", "Goodbye")
    texts = await rasa.texts(chat.user, until="goodbye")
    assert texts == ["hello", "hello", "thank you", "goodbye"]


async def test_an_event_that_comes_twice_is_handled_once(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await stack.platform.call(
        "POST", "faults", {"webhooks": {"app_id": stack.platform.bot.id, "double": 1}}
    )
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    assert await rasa.texts(chat.user, until="goodbye") == ["hello", "goodbye"]


async def test_while_an_operator_has_the_thread_rasa_hears_nothing_and_the_bot_says_nothing(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_handed_over()
    said = await chat.bot_said()
    await chat.says("hello, is anybody there?")
    await chat.operator_says("Yes, I am.")
    await chat.says("goodbye")
    await chat.has_reached_the_bot("goodbye")
    await chat.says("menu")
    await chat.hears("As you asked, you are back with the bot")
    texts = await rasa.texts(chat.user, until="<handover_ended>")
    assert texts == ["I want to talk to a human", "<handover_ended>"]
    assert "As you asked" in (await chat.bot_said())[len(said)]
    assert all(call["status"] == 200 for call in await chat.calls("messages"))


async def test_a_typed_intent_is_no_command(chat: Conversation, rasa: Rasa) -> None:
    await chat.says("/restart")
    await chat.says("/handover_ended")
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    texts = await rasa.texts(chat.user, until="goodbye")
    assert texts == ["restart", "handover_ended", "goodbye"]
    assert await chat.calls("pass_thread_control") == []


async def test_secrets_stand_in_no_output(stack: Stack) -> None:
    bot = stack.platform.bot
    for secret in (bot.secret, bot.page_access_token, bot.verify_token, "the-bots-admin-token"):
        assert secret not in stack.rasa.output
        assert secret not in stack.actions.output
