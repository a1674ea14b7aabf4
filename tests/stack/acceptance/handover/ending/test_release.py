"""Release and expiry, which no webhook announces, are found by asking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Handovers, Rasa, text_of

CONTROL_LASTS = timedelta(hours=24)
LEFT = "Our colleague has left this chat"


@pytest.fixture(scope="module")
def stack(hasty_stack: Stack) -> Stack:
    return hasty_stack


async def test_a_released_thread_comes_back_without_a_word_of_the_user(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_with_sales()
    await chat.agent_calls("release_thread_control")
    await chat.hears(LEFT, FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["agent_released"]
    assert await chat.calls("take_thread_control") == []


async def test_a_return_whose_webhook_got_lost_is_found_while_others_keep_their_agent(
    stack: Stack,
    chat: Conversation,
    rasa: Rasa,
    handovers: Handovers,
    new_user_id: Callable[[], str],
) -> None:
    kept = Conversation(stack, new_user_id())
    await stack.platform.add_user(kept.user, "Hedy")
    await kept.is_with_sales()
    await chat.is_with_sales()
    bot = stack.platform.bot.id
    await stack.platform.call("POST", "faults", {"webhooks": {"app_id": bot, "drop": 1}})
    await chat.agent_calls("pass_thread_control", target_app_id=bot)
    await chat.hears("Our colleague has handed you back to me", FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["agent_returned"]
    await kept.has_called("thread_owner")
    session = await handovers.of(kept.user)
    assert session is not None
    assert session["state"] == "active"


async def test_a_user_who_writes_first_after_control_expired_hears_the_follow_up_first(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    """The user's message shows the release, and opens the window for the follow-up."""
    await chat.is_with_sales(asked_at=datetime.now(timezone.utc) - CONTROL_LASTS)
    await stack.platform.call(
        "POST", "clock", {"advance_seconds": CONTROL_LASTS.total_seconds() + 1}
    )
    await chat.says("goodbye")
    assert (await chat.hears(LEFT, FEEDBACK, "Goodbye!"))[-1] == "Goodbye!"
    await rasa.texts(chat.user, until="goodbye")
    texts = [text_of(event) for event in await rasa.heard(chat.user)]
    assert texts == ["I want to talk to sales", "<handover_ended>", "goodbye"]


async def test_a_thread_whose_control_expires_comes_back_and_tells_so_when_the_user_writes(
    stack: Stack, chat: Conversation, rasa: Rasa, handovers: Handovers
) -> None:
    """Control and the messaging window both last 24 hours from the user's last message.

    Only the emulator's clock can be moved, so the user's event says that it is a day old.
    """
    await chat.is_with_sales(asked_at=datetime.now(timezone.utc) - CONTROL_LASTS)
    said = await chat.bot_said()
    await stack.platform.call(
        "POST", "clock", {"advance_seconds": CONTROL_LASTS.total_seconds() + 1}
    )
    assert await stack.platform.owner(chat.user) is None
    await handovers.until_ended(chat.user)
    [ending] = await rasa.endings(chat.user)
    assert ending["reason"] == "agent_released"
    assert await chat.bot_said() == said
    await chat.says("goodbye")
    assert (await chat.hears(LEFT, FEEDBACK, "Goodbye!"))[-1] == "Goodbye!"
    await rasa.texts(chat.user, until="goodbye")
    texts = [text_of(event) for event in await rasa.heard(chat.user)]
    assert texts == ["I want to talk to sales", "<handover_ended>", "goodbye"]
    assert all(call["status"] == 200 for call in await chat.calls("messages"))
