"""The assistant's NLU reads on standby whether the user wants the bot back."""

from __future__ import annotations

import pytest

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Handovers, Rasa, text_of

WISH = "show me my options"  # show_menu, with a confidence of more than 0.9
FAINT_WISH = "I want to start over"  # show_menu, with less than the plan's threshold of 0.8


@pytest.fixture(scope="module")
def stack(hasty_stack: Stack) -> Stack:
    return hasty_stack


async def test_a_message_with_a_return_intent_brings_the_bot_back_and_is_no_turn_of_the_user(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_with_sales()
    await chat.says("where is my parcel?")
    await chat.says(WISH)
    await chat.hears("I understood that you want the bot again", FEEDBACK)
    await chat.is_owned_by(chat.platform.bot.id)
    (ending,) = await rasa.endings(chat.user)
    assert (ending["reason"], ending["user_messages"]) == ("intent", 2)
    texts = [text_of(event) for event in await rasa.heard(chat.user)]
    assert texts == ["I want to talk to sales", "<handover_ended>"]


async def test_an_operator_who_uses_the_same_words_ends_nothing(
    stack: Stack, chat: Conversation, handovers: Handovers
) -> None:
    await chat.is_with_sales()
    await stack.platform.agent_says(chat.user, WISH)
    await chat.has_reached_the_bot(WISH)
    session = await handovers.until_counted(chat.user, "operator_messages", 1)
    assert session["state"] == "active"


async def test_what_the_nlu_is_not_sure_of_ends_nothing(
    chat: Conversation, handovers: Handovers
) -> None:
    await chat.is_with_sales()
    await chat.says(FAINT_WISH)
    session = await handovers.until_counted(chat.user, "user_messages", 1)
    assert session["state"] == "active"


async def test_a_keyword_comes_before_the_nlu(chat: Conversation, rasa: Rasa) -> None:
    """The NLU would read it as the return intent, too."""
    await chat.is_with_sales()
    await chat.says("menu")
    await chat.hears("As you asked, you are back with the bot")
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["keyword"]
