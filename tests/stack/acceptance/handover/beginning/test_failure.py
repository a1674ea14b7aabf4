"""A handover that can't be made is told to the user, and the bot goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from demo.stack import Stack
from tests.stack.acceptance.conversation import CONNECTING, Conversation
from tests.stack.acceptance.rasa_api import Rasa
from tests.stack.forks.forked_stack import Stacks

SORRY = "I'm sorry, I could not reach our team"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    """A stack whose sales plan hands over to an app that is not there."""
    async with stacks.new("failing") as running:
        running.change_plan("sales", target_app="999999999999999")
        running.change_plan("default", pass_patience="2s")
        await running.start()
        yield running


async def fails(chat: Conversation, **fault: Any) -> None:
    """Let the user's next passes of control fail."""
    call = {"path": "pass_thread_control", "user": chat.user, "times": None, **fault}
    await chat.platform.call("POST", "faults", {"calls": call})


async def ends_as_failed(chat: Conversation, rasa: Rasa) -> None:
    """The user hears that nobody could be reached, and the bot answers as before."""
    await chat.hears(CONNECTING, SORRY)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["failed"]
    assert (await rasa.tracker(chat.user))["slots"]["handover_active"] is False
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    await chat.is_owned_by(chat.platform.bot.id)


async def test_a_target_app_that_is_not_on_the_page(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await chat.says("I want to talk to sales")
    await ends_as_failed(chat, rasa)
    assert "error 100/2018164" in stack.rasa.output
    assert "target-app" in stack.rasa.output


async def test_a_token_that_meta_refuses(stack: Stack, chat: Conversation, rasa: Rasa) -> None:
    await fails(chat, error={"code": 190, "message": "Invalid OAuth access token."})
    await chat.says("I want to talk to a human")
    await ends_as_failed(chat, rasa)
    assert "error 190/" in stack.rasa.output
    assert "page-access-token" in stack.rasa.output


async def test_a_graph_that_is_down(chat: Conversation, rasa: Rasa) -> None:
    await fails(chat, status=503)
    await chat.says("I want to talk to a human")
    await ends_as_failed(chat, rasa)
    assert len(await chat.calls("pass_thread_control")) >= 3


async def test_a_user_whose_handover_failed_can_be_handed_over_later(
    chat: Conversation, rasa: Rasa
) -> None:
    await fails(chat, error={"code": 190, "message": "Invalid OAuth access token."})
    await chat.says("I want to talk to a human")
    await chat.hears(SORRY)
    await chat.platform.call("DELETE", "faults")
    await chat.says("I want to talk to a human")
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await chat.says("menu")
    await chat.hears("As you asked, you are back with the bot")
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["failed", "keyword"]
