"""A handover from its start to its one end."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from datetime import datetime, timedelta

import pytest
from aiohttp import ClientSession

from demo.stack import PROJECT, Stack
from tests.stack.acceptance.conversation import CONNECTING, FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import ADMIN, Rasa, text_of


async def test_control_is_passed_after_all_that_was_said_before(chat: Conversation) -> None:
    await chat.is_handed_over()
    passed = (await chat.calls("pass_thread_control"))[0]
    spoken = [call for call in await chat.calls("messages") if "message" in call["params"]]
    assert [call["params"]["message"]["text"] for call in spoken] == [
        "I'm connecting you to a person. They will answer you here."
    ]
    assert spoken[0]["n"] < passed["n"]


async def test_the_agents_app_gets_context_as_json(stack: Stack, chat: Conversation) -> None:
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    await chat.says("I want to talk to sales")
    await chat.is_owned_by(stack.platform.agent.id)
    metadata = (await chat.calls("pass_thread_control"))[0]["params"]["metadata"]
    context = json.loads(metadata)
    assert len(metadata) <= 1000
    assert len(context.pop("session")) == 32
    assert context == {
        "plan": "sales",
        "intent": "ask_sales",
        "timeout_seconds": 7200,
        "language": "en",
        "metadata": {"department": "sales"},
        "last_messages": ["hello", "I want to talk to sales"],
        "last_responses": await chat.bot_said(),
    }


async def test_a_keyword_of_the_user_brings_the_bot_back_with_its_follow_up(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_handed_over()
    await chat.operator_says("What can I do for you?")
    await chat.says("I only wanted to look")
    await chat.says("  MENU!! 🙏")
    await chat.hears("As you asked, you are back with the bot", FEEDBACK)
    await chat.is_owned_by(chat.platform.bot.id)
    endings = await rasa.endings(chat.user)
    assert [ending["reason"] for ending in endings] == ["keyword"]
    assert endings[0]["operator_messages"] == 1
    assert endings[0]["user_messages"] == 2


@pytest.mark.parametrize("words", ["zurück zum Bot", "MENÚ", "bota dön", "القائمة"])
async def test_keywords_of_other_languages_count_too(chat: Conversation, words: str) -> None:
    await chat.is_handed_over()
    await chat.says(words)
    await chat.hears("As you asked, you are back with the bot")


async def test_an_operator_who_writes_a_keyword_ends_nothing(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_handed_over()
    await chat.operator_says("menu")
    await chat.has_reached_the_bot("menu")
    assert await chat.platform.owner(chat.user) == chat.platform.inbox_app_id
    await chat.says("menu")
    await chat.hears(FEEDBACK)
    assert len(await rasa.endings(chat.user)) == 1


async def test_the_agents_app_returns_a_thread_by_the_printed_request(
    stack: Stack, chat: Conversation, rasa: Rasa, http: ClientSession
) -> None:
    await chat.says("I want to talk to sales")
    await chat.is_owned_by(stack.platform.agent.id)
    printed = await command("return-request", chat.user, "--credentials", str(stack.credentials))
    assert stack.platform.bot.page_access_token not in printed
    assert stack.platform.bot.secret not in printed
    await send_as_printed(printed, stack.platform.agent.page_access_token, http)
    await chat.hears("Our colleague has handed you back to me", FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["agent_returned"]


async def test_a_silent_release_is_seen_when_the_user_writes_next(
    stack: Stack, chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_handed_over()
    await stack.platform.call("POST", f"inbox/{chat.user}/release", {})
    await chat.says("goodbye")
    said = await chat.hears("Our colleague has left this chat", FEEDBACK, "Goodbye")
    assert said.index("Goodbye!") == len(said) - 1
    await rasa.texts(chat.user, until="goodbye")
    texts = [text_of(event) for event in await rasa.heard(chat.user)]
    assert texts[-2:] == ["<handover_ended>", "goodbye"]


async def test_an_operators_request_ends_the_handover(
    stack: Stack, chat: Conversation, rasa: Rasa, http: ClientSession
) -> None:
    await chat.is_handed_over()
    url = f"{stack.channel_url}/handovers/{chat.user}"
    async with http.get(url, headers=ADMIN) as answer:
        assert (await answer.json())["state"] == "active"
    async with http.post(f"{url}/return", headers=ADMIN) as answer:
        assert answer.status == 202
    await chat.hears("Our team has closed this chat", FEEDBACK)
    assert [ending["reason"] for ending in await rasa.endings(chat.user)] == ["operator_request"]


async def test_the_operator_api_wants_the_admin_token(stack: Stack, http: ClientSession) -> None:
    for headers in ({}, {"Authorization": "Bearer guess"}):
        async with http.get(f"{stack.channel_url}/handovers", headers=headers) as answer:
            assert answer.status == 401


async def test_the_answer_to_the_feedback_question_is_kept_in_a_slot(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_handed_over()
    await chat.says("menu")
    await chat.hears(FEEDBACK)
    await chat.taps("Not good")
    await chat.hears("I'm sorry to hear that")
    await rasa.texts(chat.user, until="/rate_bad")
    slots = (await rasa.tracker(chat.user))["slots"]
    assert slots["handover_feedback"] == "bad"
    assert slots["handover_active"] is False
    assert slots["handover_end_reason"] == "keyword"


async def test_a_second_request_while_one_is_open_changes_nothing(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.is_handed_over()
    said = await chat.bot_said()
    await rasa.trigger(chat.user, "ask_human")
    assert await chat.bot_said() == said
    assert len(await chat.calls("pass_thread_control")) == 1
    await chat.says("menu")
    await chat.hears(FEEDBACK)
    assert len(await rasa.endings(chat.user)) == 1


async def test_a_user_can_be_handed_over_again_and_again(chat: Conversation, rasa: Rasa) -> None:
    for times in (1, 2, 3):
        await chat.says("I want to talk to a human")
        await chat.hears_times(times, CONNECTING)
        await chat.is_owned_by(chat.platform.inbox_app_id)
        await chat.says("menu")
        await chat.hears_times(times, FEEDBACK)
    endings = await rasa.endings(chat.user)
    assert [ending["reason"] for ending in endings] == ["keyword"] * 3
    assert len({ending["session_id"] for ending in endings}) == 3


async def test_a_handover_that_rasa_starts_on_its_own_is_performed(
    chat: Conversation, rasa: Rasa
) -> None:
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    await rasa.trigger(chat.user, "ask_human")
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await chat.says("menu")
    await chat.hears(FEEDBACK)


async def test_the_timeout_ends_the_handover(chat: Conversation, rasa: Rasa) -> None:
    await chat.says("hello")
    await chat.hears("I am the bot of this page")
    await rasa.set_slot(chat.user, "handover_timeout", "2s")
    await chat.says("I want to talk to a human")
    await chat.hears(CONNECTING, "The time for this chat with our team is over", FEEDBACK)
    endings = await rasa.endings(chat.user)
    assert [ending["reason"] for ending in endings] == ["timeout"]
    opened_at, ended_at = (
        datetime.fromisoformat(endings[0][key]) for key in ("opened_at", "ended_at")
    )
    assert ended_at - opened_at >= timedelta(seconds=2)


async def command(*arguments: str) -> str:
    """What `python -m cli …` prints; it must succeed and say nothing on standard error."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-m", "cli", *arguments),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaints = await child.communicate()
    assert child.returncode == 0, complaints.decode()
    return printed.decode()


async def send_as_printed(printed: str, token: str, http: ClientSession) -> None:
    """Do what the printed curl command would do, with the agent's app's own token."""
    words = shlex.split(printed.replace("\\\n", " "))
    assert words[:3] == ["curl", "-X", "POST"]
    flags = list(zip(words[4::2], words[5::2], strict=True))
    headers = dict(value.split(": ", 1) for flag, value in flags if flag == "-H")
    headers["Authorization"] = f"Bearer {token}"
    body = next(value for flag, value in flags if flag == "-d")
    async with http.post(words[3], data=body, headers=headers) as answer:
        assert await answer.json() == {"success": True}
