"""A thread that somebody takes without asking has a session all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Rasa, text_of

BACK = "As you asked, you are back with the bot"


async def meets_the_bot(chat: Conversation) -> None:
    await chat.says("hello")
    await chat.hears("I am the bot of this page", "This is what I can do for you")


async def is_announced(chat: Conversation, rasa: Rasa) -> dict[str, object]:
    """The metadata of the one `handover_started`, once it is the tracker's last word."""
    await rasa.texts(chat.user, until="<handover_started>")
    (beginning,) = await rasa.beginnings(chat.user)
    return beginning


async def comes_back_by_keyword(chat: Conversation, rasa: Rasa) -> dict[str, object]:
    """The user writes a keyword; the metadata of the one `handover_ended`."""
    said = await chat.bot_said()
    await chat.says("menu")
    await chat.hears(BACK, FEEDBACK)
    await chat.is_owned_by(chat.platform.bot.id)
    assert len(await chat.bot_said()) == len(said) + 2
    (ending,) = await rasa.endings(chat.user)
    assert ending["reason"] == "keyword"
    return ending


async def test_an_operator_who_just_starts_typing_has_the_thread(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await meets_the_bot(chat)
    await chat.operator_says("Bob here, let me help.")
    beginning = await is_announced(chat, rasa)
    assert beginning["plan"] == "default"
    assert beginning["target_app"] == stack.platform.inbox_app_id
    assert (await rasa.tracker(chat.user))["slots"]["handover_active"] is True
    await chat.says("goodbye")
    ending = await comes_back_by_keyword(chat, rasa)
    assert ending["session_id"] == beginning["session_id"]
    assert (ending["operator_messages"], ending["user_messages"]) == (1, 2)
    texts = [text_of(event) for event in await rasa.heard(chat.user)]
    assert texts == ["hello", "<handover_started>", "<handover_ended>"]
    assert all(call["status"] == 200 for call in await chat.calls("messages"))


async def test_the_follow_up_of_a_taken_thread_asks_for_feedback_and_keeps_the_answer(
    chat: Conversation, rasa: Rasa
) -> None:
    await meets_the_bot(chat)
    await chat.operator_says("Bob here, let me help.")
    await is_announced(chat, rasa)
    await comes_back_by_keyword(chat, rasa)
    await chat.taps("Good")
    await chat.hears("Glad to hear it")


async def test_a_first_message_on_standby_shows_that_somebody_has_the_thread(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    """Taking an idle thread is told to nobody (the facts: messaging_handovers)."""
    await stack.platform.call("POST", f"inbox/{chat.user}/take", {})
    await chat.says("hello")
    beginning = await is_announced(chat, rasa)
    assert beginning["plan"] == "default"
    assert await chat.bot_said() == []
    ending = await comes_back_by_keyword(chat, rasa)
    assert ending["user_messages"] == 2


async def test_a_keyword_as_the_first_message_on_standby_brings_the_bot_back_at_once(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await stack.platform.call("POST", f"inbox/{chat.user}/take", {})
    await comes_back_by_keyword(chat, rasa)
    assert len(await rasa.beginnings(chat.user)) == 1


async def test_the_agents_app_takes_the_thread(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await meets_the_bot(chat)
    await chat.agent_calls("take_thread_control")
    beginning = await is_announced(chat, rasa)
    assert beginning["target_app"] == stack.platform.agent.id
    await comes_back_by_keyword(chat, rasa)


@pytest_asyncio.fixture(loop_scope="session")
async def _all_hear_of_passes(stack: Stack) -> AsyncIterator[None]:
    """Meta's pages contradict each other on who hears of a pass; here every app does."""
    await stack.platform.call("PUT", "switches", {"handover_events_to": "all"})
    yield
    await stack.platform.call("PUT", "switches", {"handover_events_to": "new_owner"})


@pytest.mark.usefixtures("_all_hear_of_passes")
async def test_a_pass_from_one_app_to_another_moves_the_session_along(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_with_sales()
    inbox = stack.platform.inbox_app_id
    await chat.agent_calls("pass_thread_control", target_app_id=inbox)
    await chat.operator_says("Bob here, from the Inbox.")
    ending = await comes_back_by_keyword(chat, rasa)
    assert (ending["plan"], ending["target_app"]) == ("sales", inbox)
    assert await rasa.beginnings(chat.user) == []


async def test_a_send_that_an_operator_has_forestalled_opens_a_session(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    """The operator writes between two messages of one turn of the bot."""
    slow = {"path": "messages", "user": chat.user, "latency_ms": 5_000, "times": None}
    await stack.platform.call("POST", "faults", {"calls": slow})
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    await chat.operator_says("Bob here, let me help.")
    await stack.platform.call("DELETE", "faults")
    await is_announced(chat, rasa)
    assert len(await chat.bot_said()) == 1
    await comes_back_by_keyword(chat, rasa)
    # The bot may have heard the operator before it sent the second message: then it did not.
    sends = [call for call in await chat.calls("messages") if "message" in call["params"]]
    refused = [call["response"]["error"] for call in sends if call["status"] != 200]
    assert [error["error_subcode"] for error in refused] in ([], [2018300])
