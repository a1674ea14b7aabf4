"""An app that asks for the thread gets it if the policy `requests` allows it.

Apps can ask only while routing is off (the facts: request_thread_control), and Meta asks the
owner, so the bot is given the thread first.
"""

from __future__ import annotations

import time

import pytest
from aiohttp import ClientSession

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Handovers, Rasa

STRANGER = 123456789
REFUSAL = f"App {STRANGER} asked for a thread and does not get it"
GREETING = "I am the bot of this page"


@pytest.fixture(scope="module")
def stack(unrouted_stack: Stack) -> Stack:
    return unrouted_stack


async def gives_the_thread_to_the_bot(chat: Conversation) -> None:
    await chat.says("hello")
    await chat.hears(GREETING)
    await chat.platform.call("POST", f"inbox/{chat.user}/pass", {"target_app_id": bot_of(chat)})
    await chat.is_owned_by(bot_of(chat))


def bot_of(chat: Conversation) -> str:
    return chat.platform.bot.id


async def requests(stack: Stack, http: ClientSession, answer: str) -> float:
    """How many requests have been answered like this, by the channel's metrics."""
    async with http.get(f"{stack.channel_url}/metrics") as page:
        assert page.status == 200
        lines = (await page.text()).splitlines()
    name = f'rasa_handover_requests_total{{answer="{answer}"}} '
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


async def ask(stack: Stack, chat: Conversation, app_id: int) -> None:
    """What Meta tells the owner when another app asks for the thread."""
    event = {
        "sender": {"id": chat.user},
        "recipient": {"id": stack.platform.page},
        "timestamp": time.time_ns() // 1_000_000,
        "request_thread_control": {"requested_owner_app_id": app_id, "metadata": "please"},
    }
    body = {"object": "page", "entry": [{"id": stack.platform.page, "messaging": [event]}]}
    answer = await stack.platform.call(
        "POST", "webhooks", {"app_id": stack.platform.bot.id, "body": body}
    )
    assert answer["status"] == 200


async def test_the_page_inbox_gets_what_it_asks_for_and_a_session_begins(
    stack: Stack, chat: Conversation, rasa: Rasa, http: ClientSession
) -> None:
    granted = await requests(stack, http, "granted")
    await gives_the_thread_to_the_bot(chat)
    await stack.platform.call("POST", f"inbox/{chat.user}/request", {})
    await chat.is_owned_by(stack.platform.inbox_app_id)
    await rasa.texts(chat.user, until="<handover_started>")
    (beginning,) = await rasa.beginnings(chat.user)
    assert (beginning["plan"], beginning["target_app"]) == ("default", stack.platform.inbox_app_id)
    assert await requests(stack, http, "granted") == granted + 1


async def test_the_app_of_a_plan_gets_what_it_asks_for_and_can_pass_it_back(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await gives_the_thread_to_the_bot(chat)
    await chat.agent_calls("request_thread_control")
    await chat.is_owned_by(stack.platform.agent.id)
    await rasa.texts(chat.user, until="<handover_started>")
    await chat.says("Is anybody there?")
    await chat.has_reached_the_bot("Is anybody there?")
    await chat.agent_calls("pass_thread_control", target_app_id=stack.platform.bot.id)
    await chat.hears("Our colleague has handed you back to me", FEEDBACK)
    (ending,) = await rasa.endings(chat.user)
    assert (ending["reason"], ending["target_app"]) == ("agent_returned", stack.platform.agent.id)


async def test_any_other_app_is_refused_logged_and_counted(
    stack: Stack, chat: Conversation, handovers: Handovers, http: ClientSession
) -> None:
    refused = await requests(stack, http, "refused")
    await gives_the_thread_to_the_bot(chat)
    await ask(stack, chat, STRANGER)
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    assert await chat.calls("pass_thread_control") == []
    assert await handovers.of(chat.user) is None
    assert await requests(stack, http, "refused") == refused + 1
    assert REFUSAL in stack.rasa.output


async def test_an_app_that_asks_for_an_operators_thread_does_not_get_it_from_the_bot(
    stack: Stack, chat: Conversation, handovers: Handovers
) -> None:
    await chat.is_handed_over()
    await ask(stack, chat, int(stack.platform.agent.id))
    await chat.says("is anybody there?")
    session = await handovers.until_counted(chat.user, "user_messages", 1)
    assert session["state"] == "active"
    assert len(await chat.calls("pass_thread_control")) == 1
