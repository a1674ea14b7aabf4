"""With Conversation Routing off, nobody can take a thread, only ask for it."""

from __future__ import annotations

import pytest

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Handovers, Rasa, text_of


@pytest.fixture(scope="module")
def stack(unrouted_stack: Stack) -> Stack:
    return unrouted_stack


async def asks_for_its_thread(chat: Conversation, handovers: Handovers) -> None:
    """The user wants the bot back; the bot may not take the thread and asks its owner for it."""
    await chat.says("menu")
    await chat.has_called("request_thread_control")
    session = await handovers.until(chat.user, "ending")
    assert session["reason"] == "keyword"
    (take,) = await chat.calls("take_thread_control")
    assert take["response"]["error"]["code"] == 27


async def test_the_bot_asks_for_a_thread_that_it_may_not_take_and_waits_for_the_pass(
    stack: Stack, chat: Conversation, rasa: Rasa, handovers: Handovers
) -> None:
    await chat.is_handed_over()
    said = await chat.bot_said()
    await asks_for_its_thread(chat, handovers)
    assert await chat.bot_said() == said
    await stack.platform.call("POST", f"inbox/{chat.user}/pass", {})
    await chat.hears("As you asked, you are back with the bot", FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["keyword"]
    assert len(await chat.calls("request_thread_control")) == 1
    await chat.says("goodbye")
    await chat.hears("Goodbye")


async def test_while_the_bot_waits_for_the_pass_it_is_silent(
    stack: Stack, chat: Conversation, rasa: Rasa, handovers: Handovers
) -> None:
    await chat.is_handed_over()
    await asks_for_its_thread(chat, handovers)
    await chat.says("goodbye")
    await chat.operator_says("One moment, please.")
    await chat.has_reached_the_bot("One moment, please.")
    await stack.platform.call("POST", f"inbox/{chat.user}/pass", {})
    await chat.hears(FEEDBACK)
    await rasa.endings(chat.user)
    texts = [text_of(event) for event in await rasa.heard(chat.user)]
    assert texts == ["I want to talk to a human", "<handover_ended>"]


async def test_an_operator_who_takes_an_idle_thread_has_a_session(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    """With routing off, an app makes a thread its own by passing it to itself while it is idle."""
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    inbox = {"target_app_id": stack.platform.inbox_app_id}
    await stack.platform.call("POST", f"inbox/{chat.user}/pass", inbox)
    await chat.operator_says("Bob here, let me help.")
    await rasa.texts(chat.user, until="<handover_started>")
    assert len(await rasa.beginnings(chat.user)) == 1


async def test_what_a_user_writes_in_a_released_thread_proves_no_return(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    """Every app hears it then; that the thread is nobody's is found by asking."""
    await chat.is_handed_over()
    await stack.platform.call("POST", f"inbox/{chat.user}/release", {})
    await chat.says("goodbye")
    said = await chat.hears("Our colleague has left this chat", FEEDBACK)
    assert not any("Goodbye" in text for text in said)
    (ending,) = await rasa.endings(chat.user)
    assert (ending["reason"], ending["user_messages"]) == ("agent_released", 1)
