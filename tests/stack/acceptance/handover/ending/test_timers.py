"""What ends a handover by itself, each with a response of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.moved_clock import MovedClock
from tests.stack.acceptance.rasa_api import ADMIN_TOKEN, Handovers, Rasa, moment
from tests.stack.forks.forked_stack import Stacks

TIMEOUT = timedelta(minutes=30)
SHORT = timedelta(minutes=10)  # the idle and the unanswered timeout
SHORTLY = timedelta(minutes=1)  # and yet longer than a busy machine takes to look
TIME_OVER = "The time for this chat with our team is over"
NOBODY = "nobody from our team could answer you"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    async with stacks.new("timers") as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        running.change_plan("default", timeout="30m")
        running.change_plan("idle", idle_timeout="10m")
        running.change_plan("unanswered", unanswered_timeout="10m", timeout="30m")
        running.follow_the_clock()
        await running.start()
        yield running


@pytest.fixture
def clock(stack: Stack, handovers: Handovers) -> MovedClock:
    return MovedClock(stack.platform, handovers)


async def is_handed_over_by(
    chat: Conversation, rasa: Rasa, handovers: Handovers, plan: str
) -> datetime:
    """The user has a person by that plan; since when."""
    await chat.says("hello")
    await chat.hears("This is what I can do for you")
    await rasa.texts(chat.user, until="hello")
    await rasa.hand_over(chat.user, plan)
    session = await handovers.until(chat.user, "active")
    return moment(session["opened_at"])


async def lasts_until(
    end: datetime, chat: Conversation, clock: MovedClock, handovers: Handovers
) -> None:
    """It is open shortly before, and then it is shortly after."""
    await clock.to(end - SHORTLY)
    await handovers.until(chat.user, "active")
    await clock.to(end + SHORTLY)


async def reasons(chat: Conversation, rasa: Rasa) -> list[str]:
    return [ending["reason"] for ending in await rasa.endings(chat.user)]


async def test_the_timeout_holds_for_a_thread_that_an_operator_has_taken(
    chat: Conversation, rasa: Rasa, clock: MovedClock, handovers: Handovers
) -> None:
    await chat.says("hello")
    await chat.hears("This is what I can do for you")
    await chat.operator_says("Bob here, let me help.")
    await chat.says("Thank you!")
    session = await handovers.until_counted(chat.user, "user_messages", 1)
    await lasts_until(moment(session["opened_at"]) + TIMEOUT, chat, clock, handovers)
    await chat.hears(TIME_OVER, FEEDBACK)
    (ending,) = await rasa.endings(chat.user)
    assert (ending["reason"], ending["plan"]) == ("timeout", "default")
    await chat.is_owned_by(chat.platform.bot.id)


async def test_a_handover_in_which_nobody_writes_any_more_ends_as_idle(
    chat: Conversation, rasa: Rasa, clock: MovedClock, handovers: Handovers
) -> None:
    opened_at = await is_handed_over_by(chat, rasa, handovers, "idle")
    await clock.to(opened_at + SHORTLY)
    await chat.operator_says("What can I do for you?")
    await chat.says("I only wanted to look")
    await handovers.until_counted(chat.user, "user_messages", 1)
    await lasts_until(opened_at + SHORTLY + SHORT, chat, clock, handovers)
    await chat.hears("It has been quiet here for a while", FEEDBACK)
    (ending,) = await rasa.endings(chat.user)
    assert ending["reason"] == "idle"
    assert (ending["operator_messages"], ending["user_messages"]) == (1, 1)


async def test_a_handover_that_nobody_answers_says_so_and_shows_what_the_bot_can_do(
    chat: Conversation, rasa: Rasa, clock: MovedClock, handovers: Handovers
) -> None:
    opened_at = await is_handed_over_by(chat, rasa, handovers, "unanswered")
    await chat.says("hello? is anybody there?")
    await handovers.until_counted(chat.user, "user_messages", 1)
    await lasts_until(opened_at + SHORT, chat, clock, handovers)
    await chat.hears(NOBODY)
    await chat.hears_times(2, "This is what I can do for you")
    assert await reasons(chat, rasa) == ["unanswered"]
    assert not any(FEEDBACK in said for said in await chat.bot_said())


async def test_an_operator_who_answered_once_is_no_nobody(
    chat: Conversation, rasa: Rasa, clock: MovedClock, handovers: Handovers
) -> None:
    opened_at = await is_handed_over_by(chat, rasa, handovers, "unanswered")
    await chat.operator_says("One moment, please.")
    await handovers.until_counted(chat.user, "operator_messages", 1)
    await lasts_until(opened_at + TIMEOUT, chat, clock, handovers)
    await chat.hears(TIME_OVER, FEEDBACK)
    assert await reasons(chat, rasa) == ["timeout"]
