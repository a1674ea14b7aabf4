"""A handover on Instagram, by the same assistant and the same webhook."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Rasa


@pytest_asyncio.fixture(loop_scope="session")
async def chat(stack: Stack, new_user_id: Callable[[], str]) -> Conversation:
    """A conversation of an Instagram user whom nobody has met yet."""
    user = new_user_id()
    await stack.platform.add_user(user, "Hedy", platform="instagram")
    return Conversation(stack, user)


def sender_id(chat: Conversation) -> str:
    return f"{chat.platform.instagram}:{chat.user}"


async def test_a_handover_goes_to_the_instagram_inbox_and_comes_back(
    stack: Stack, chat: Conversation, http: ClientSession
) -> None:
    rasa = Rasa(http, stack.rasa_url)
    await chat.says("I want to talk to a human")
    await chat.is_owned_by(stack.platform.instagram_inbox_app_id)
    await chat.operator_says("Hello from the Inbox")
    await chat.says("menu")
    await chat.hears("As you asked, you are back with the bot", FEEDBACK)
    await chat.is_owned_by(stack.platform.bot.id)
    assert [ending["reason"] for ending in await rasa.endings(sender_id(chat))] == ["keyword"]


async def test_rasa_hears_of_the_channel_instagram(
    stack: Stack, chat: Conversation, http: ClientSession
) -> None:
    rasa = Rasa(http, stack.rasa_url)
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    await rasa.texts(sender_id(chat), until="goodbye")
    channels = [event["input_channel"] for event in await rasa.heard(sender_id(chat))]
    assert channels == ["instagram"]


async def test_a_response_of_a_domain_for_instagram_is_said_there_alone(
    stack: Stack, chat: Conversation, new_user_id: Callable[[], str]
) -> None:
    await chat.says("thank you")
    await chat.hears("You're welcome, and thank you for writing on Instagram!")
    on_messenger = Conversation(stack, new_user_id())
    await stack.platform.add_user(on_messenger.user, "Grace")
    await on_messenger.says("thank you")
    assert await on_messenger.hears("You're welcome") == ["You're welcome!"]


@pytest.mark.parametrize("output_channel", ["latest", "instagram"])
async def test_what_rasa_says_on_its_own_goes_out_on_instagram(
    stack: Stack, chat: Conversation, http: ClientSession, output_channel: str
) -> None:
    rasa = Rasa(http, stack.rasa_url)
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    await rasa.texts(sender_id(chat), until="hello")
    await rasa.trigger(sender_id(chat), "thank", output_channel=output_channel)
    await chat.hears("You're welcome, and thank you for writing on Instagram!")
