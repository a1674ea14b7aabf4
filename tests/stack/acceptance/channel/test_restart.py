"""What has begun goes on across a crash of Rasa, as it was planned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest_asyncio
from aiohttp import ClientSession

from demo.stack import Stack
from tests.stack.acceptance.conversation import CONNECTING, FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Rasa
from tests.stack.forks.forked_stack import Stacks

SOON = timedelta(seconds=10)  # and yet later than two handovers take on a busy machine
HANDED_BACK = "Our colleague has handed you back to me"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    """A stack of this module's own, since its Rasa is killed."""
    async with stacks.new("restarted") as running:
        await running.start()
        yield running


async def met(stack: Stack, user: str) -> Conversation:
    await stack.platform.add_user(user, "Katherine")
    chat = Conversation(stack, user)
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    return chat


async def test_handovers_outlive_a_kill_with_their_deadlines_and_their_plans(
    stack: Stack, new_user_id: Callable[[], str], http: ClientSession
) -> None:
    """Rasa is killed with two handovers open, the plan is edited, and Rasa comes back late."""
    rasa = Rasa(http, stack.rasa_url)
    due, kept = await met(stack, new_user_id()), await met(stack, new_user_id())
    await rasa.set_slot(due.user, "handover_timeout", f"{SOON.total_seconds():.0f}s")
    await due.is_handed_over()
    await kept.is_handed_over()

    await stack.rasa.kill()
    stack.change_plan("default", keywords={"en": ["other"]}, timeout="9h")
    await asyncio.sleep(SOON.total_seconds())
    await stack.start_rasa()

    await due.hears("The time for this chat with our team is over", FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(due.user)] == ["timeout"]

    await kept.says("other")
    await kept.says("menu")
    await kept.hears("As you asked, you are back with the bot", FEEDBACK)
    endings = await rasa.endings(kept.user)
    assert [(ending["reason"], ending["user_messages"]) for ending in endings] == [("keyword", 2)]

    await kept.says("I want to talk to a human")
    await kept.hears_times(2, CONNECTING)
    await kept.is_owned_by(stack.platform.inbox_app_id)
    await kept.says("menu")
    await kept.says("other")
    await kept.hears_times(2, "As you asked, you are back with the bot")
    assert len(await rasa.endings(kept.user)) == 2


async def test_a_message_that_was_acknowledged_before_a_kill_is_answered_after_it(
    stack: Stack, new_user_id: Callable[[], str], http: ClientSession
) -> None:
    chat = await met(stack, new_user_id())
    rasa = Rasa(http, stack.rasa_url)
    slow = {
        "path": "messages",
        "user": chat.user,
        "latency_ms": 60_000,
        "reset": True,
        "times": None,
    }
    await stack.platform.call("POST", "faults", {"calls": slow})
    await chat.says("goodbye")
    await chat.has_reached_the_bot("goodbye")

    await stack.rasa.kill()
    await stack.platform.call("DELETE", "faults")
    await stack.start_rasa()

    await chat.hears("Goodbye")
    assert await rasa.texts(chat.user, until="goodbye") == ["hello", "goodbye"]
    assert sum("Goodbye" in said for said in await chat.bot_said()) == 1


async def test_a_stop_lets_a_send_that_is_under_way_finish(
    stack: Stack, new_user_id: Callable[[], str], http: ClientSession
) -> None:
    chat = await met(stack, new_user_id())
    slow = {"path": "messages", "user": chat.user, "latency_ms": 1_000, "times": None}
    await stack.platform.call("POST", "faults", {"calls": slow})
    await chat.says("goodbye")
    await chat.hears("Goodbye")  # for whose answer the bot waits

    await stack.rasa.stop()
    await stack.platform.call("DELETE", "faults")
    await stack.start_rasa()

    await chat.says("hello")
    await chat.hears_times(2, "I am the bot of this page")
    assert sum("Goodbye" in said for said in await chat.bot_said()) == 1
    rasa = Rasa(http, stack.rasa_url)
    assert await rasa.texts(chat.user, until="hello") == ["hello", "goodbye", "hello"]


async def test_a_new_token_finishes_what_a_dead_one_has_cut_and_repeats_nothing(
    stack: Stack, new_user_id: Callable[[], str]
) -> None:
    chat = await met(stack, new_user_id())
    await chat.is_handed_over()
    goes_through = {"latency_ms": 1}
    is_refused = {"error": {"code": 190, "error_subcode": 463}, "times": None}
    for fault in (goes_through, is_refused):
        call = {"path": "messages", "user": chat.user, **fault}
        await stack.platform.call("POST", "faults", {"calls": call})
    bot = {"target_app_id": stack.platform.bot.id}
    await stack.platform.call("POST", f"inbox/{chat.user}/pass", bot)
    await chat.hears(HANDED_BACK)
    await chat.is_refused("messages")
    await stack.rasa.stop()
    assert "Meta refuses the token of the page; what users write waits" in stack.rasa.output
    assert not any(FEEDBACK in said for said in await chat.bot_said())

    await stack.platform.call("DELETE", "faults")
    await stack.start_rasa()

    said = await chat.hears(FEEDBACK)
    assert sum(HANDED_BACK in one for one in said) == 1
    assert sum(FEEDBACK in one for one in said) == 1
