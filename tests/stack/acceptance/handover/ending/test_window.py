"""Outside the 24-hour window, a follow-up waits for the user's next message.

The engine counts the 24 hours from the time that Meta's event gives for the user's last message,
by this machine's clock, which no test can move. So here that event says that it is a day old;
the emulator's own clock is moved by a day where it matters, and then it refuses what is too late.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from demo.stack import Stack
from tests.stack.acceptance.conversation import CONNECTING, FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Handovers, Rasa, text_of

WINDOW = timedelta(hours=24)
DAYS = {"duration": int(timedelta(days=7).total_seconds())}
TIME_OVER = "The time for this chat with our team is over"
RETURNED = "Our colleague has handed you back to me"


@pytest.fixture(scope="module")
def stack(hasty_stack: Stack) -> Stack:
    return hasty_stack


def a_day_ago() -> datetime:
    return datetime.now(timezone.utc) - WINDOW


async def a_day_passes(stack: Stack) -> None:
    await stack.platform.call("POST", "clock", {"advance_seconds": WINDOW.total_seconds() + 1})


async def is_told_just_before_the_answer(chat: Conversation, rasa: Rasa, words: str) -> None:
    """The user writes, and the follow-up that was held comes first."""
    said = await chat.bot_said()
    await chat.says("goodbye")
    new = (await chat.hears(words, FEEDBACK, "Goodbye!"))[len(said) :]
    assert words in new[0]
    assert FEEDBACK in new[1]
    assert new[2:] == ["Goodbye!"]
    await rasa.texts(chat.user, until="goodbye")
    texts = [text_of(event) for event in await rasa.heard(chat.user)]
    assert texts[1:] == ["<handover_ended>", "goodbye"]
    assert all(call["status"] == 200 for call in await chat.calls("messages"))


async def test_the_follow_up_of_a_late_end_comes_just_before_the_answer_to_the_user(
    chat: Conversation, rasa: Rasa, handovers: Handovers
) -> None:
    await chat.says("I want to talk to a human", at=a_day_ago())
    await chat.hears(CONNECTING)
    await chat.is_owned_by(chat.platform.inbox_app_id)
    said = await chat.bot_said()
    await chat.is_owned_by(chat.platform.bot.id)  # the plan's timeout
    await handovers.until_ended(chat.user)
    [ending] = await rasa.endings(chat.user)
    assert ending["reason"] == "timeout"
    assert await chat.bot_said() == said
    await is_told_just_before_the_answer(chat, rasa, TIME_OVER)
    assert await handovers.of(chat.user) is None


async def test_a_message_of_the_user_in_the_handover_keeps_the_window_open(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.says("I want to talk to a human", at=a_day_ago())
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await chat.says("is anybody there?")
    await chat.hears(TIME_OVER, FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["timeout"]


async def test_a_follow_up_is_held_across_a_restart_of_rasa(
    stack: Stack, chat: Conversation, rasa: Rasa, handovers: Handovers
) -> None:
    await chat.is_with_sales(asked_at=a_day_ago())
    said = await chat.bot_said()
    await chat.agent_calls("extend_thread_control", **DAYS)
    await a_day_passes(stack)
    await chat.agent_calls("pass_thread_control", target_app_id=stack.platform.bot.id)
    await handovers.until_ended(chat.user)
    [ending] = await rasa.endings(chat.user)
    assert ending["reason"] == "agent_returned"

    await stack.rasa.kill()
    await stack.start_rasa()

    assert await chat.bot_said() == said
    await is_told_just_before_the_answer(chat, rasa, RETURNED)


async def test_a_user_whom_an_operator_writes_to_and_who_says_nothing_is_left_with_the_operator(
    stack: Stack, chat: Conversation, rasa: Rasa, handovers: Handovers
) -> None:
    """An operator may write for seven days after the user's last message, the bot for one."""
    await chat.says("hello", at=a_day_ago())
    await chat.hears("This is what I can do for you")
    await rasa.texts(chat.user, until="hello")
    await a_day_passes(stack)
    await chat.operator_says("Your parcel is back in our shop.")
    await handovers.until_ended(chat.user)  # by the plan's timeout
    await chat.is_owned_by(chat.platform.inbox_app_id)
    said = await chat.bot_said()
    await chat.says("oh, great")
    await handovers.until(chat.user, "active")
    assert await chat.bot_said() == said
    await chat.hears(TIME_OVER, FEEDBACK)


async def test_an_operator_who_comes_back_while_a_follow_up_is_held_has_a_session_again(
    chat: Conversation, rasa: Rasa, handovers: Handovers
) -> None:
    await chat.says("I want to talk to a human", at=a_day_ago())
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await handovers.until_ended(chat.user)
    await chat.operator_says("Bob here, I have found your parcel.")
    await chat.says("oh, great")
    await handovers.until(chat.user, "active")
    await chat.says("menu")
    await chat.hears("As you asked, you are back with the bot", FEEDBACK)
    endings = await rasa.endings(chat.user)
    assert [ending["reason"] for ending in endings] == ["timeout", "keyword"]
    assert all(call["status"] == 200 for call in await chat.calls("messages"))
