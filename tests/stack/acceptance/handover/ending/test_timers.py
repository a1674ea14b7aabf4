"""What ends a handover by itself, each with a response of its own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Rasa

TIMEOUT = timedelta(seconds=5)
SHORT = timedelta(seconds=3)  # the idle and the unanswered timeout
AT_MOST_LATE = timedelta(seconds=1)
TIME_OVER = "The time for this chat with our team is over"
NOBODY = "nobody from our team could answer you"


@pytest.fixture(scope="module")
def stack(hasty_stack: Stack) -> Stack:
    return hasty_stack


async def is_handed_over_by(chat: Conversation, rasa: Rasa, plan: str) -> None:
    await chat.says("hello")
    await chat.hears("This is what I can do for you")
    await rasa.texts(chat.user, until="hello")
    await rasa.hand_over(chat.user, plan)
    await chat.is_owned_by(chat.platform.inbox_app_id)


async def test_the_timeout_holds_for_a_thread_that_an_operator_has_taken(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.says("hello")
    await chat.hears("This is what I can do for you")
    await chat.operator_says("Bob here, let me help.")
    await chat.says("Thank you!")
    await chat.hears(TIME_OVER, FEEDBACK)
    (ending,) = await rasa.endings(chat.user)
    assert (ending["reason"], ending["plan"]) == ("timeout", "default")
    opened_at, ended_at = (datetime.fromisoformat(ending[key]) for key in ("opened_at", "ended_at"))
    assert TIMEOUT <= ended_at - opened_at <= TIMEOUT + AT_MOST_LATE
    await chat.is_owned_by(chat.platform.bot.id)


async def test_a_handover_in_which_nobody_writes_any_more_ends_as_idle(
    chat: Conversation, rasa: Rasa
) -> None:
    await is_handed_over_by(chat, rasa, "idle")
    await chat.operator_says("What can I do for you?")
    await chat.says("I only wanted to look")
    last_heard_at = datetime.now(timezone.utc)
    await chat.hears("It has been quiet here for a while", FEEDBACK)
    (ending,) = await rasa.endings(chat.user)
    assert ending["reason"] == "idle"
    assert (ending["operator_messages"], ending["user_messages"]) == (1, 1)
    quiet_for = datetime.fromisoformat(ending["ended_at"]) - last_heard_at
    assert SHORT - AT_MOST_LATE <= quiet_for <= SHORT + AT_MOST_LATE


async def test_a_handover_that_nobody_answers_says_so_and_shows_what_the_bot_can_do(
    chat: Conversation, rasa: Rasa
) -> None:
    await is_handed_over_by(chat, rasa, "unanswered")
    await chat.says("hello? is anybody there?")
    await chat.hears(NOBODY)
    await chat.hears_times(2, "This is what I can do for you")
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["unanswered"]
    assert not any(FEEDBACK in said for said in await chat.bot_said())


async def test_an_operator_who_answered_once_is_no_nobody(chat: Conversation, rasa: Rasa) -> None:
    await is_handed_over_by(chat, rasa, "unanswered")
    await chat.operator_says("One moment, please.")
    await chat.hears(TIME_OVER, FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["timeout"]
