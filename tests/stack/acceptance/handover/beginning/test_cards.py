"""Every kind of response that Rasa has works as a follow-up."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from demo.stack import PROJECT, Stack
from tests.stack.acceptance.conversation import Conversation
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.training import trained_model

ELEMENT = {
    "title": "Opening hours",
    "subtitle": "Monday to Friday",
    "buttons": [{"type": "postback", "title": "Call me", "payload": "/ask_human"}],
}
CARDS: dict[str, list[dict[str, Any]]] = {
    "utter_handover_keyword": [
        {
            "text": "All the cards",
            "image": "https://example.com/i.png",
            "attachment": {"type": "file", "payload": {"url": "https://example.com/f.pdf"}},
            "custom": {"text": "Custom words", "metadata": "mine"},
        }
    ],
    "utter_ask_feedback": [
        {"text": "Elements", "elements": [ELEMENT]},
    ],
    "utter_handover_agent_returned": [
        {
            "text": "How was it?",
            "quick_replies": [
                {"content_type": "text", "title": "Fine", "payload": "/rate_good"},
                {"content_type": "text", "title": "Bad", "payload": "/rate_bad"},
            ],
        }
    ],
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack whose assistant answers the end of a handover with cards."""
    files = tmp_path_factory.mktemp("cards") / "assistant"
    write_assistant(files)
    async with stacks.new("cards", model=await trained_model(stacks.forks, files)) as running:
        await running.start()
        yield running


def write_assistant(files: Path) -> None:
    """The project's assistant with CARDS for responses."""
    shutil.copytree(PROJECT / "data", files / "data")
    shutil.copy(PROJECT / "config.yml", files)
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text())
    domain["responses"].update(CARDS)
    (files / "domain.yml").write_text(yaml.safe_dump(domain, allow_unicode=True))


async def sent_by_the_bot(chat: Conversation, since: int) -> list[dict[str, Any]]:
    messages = (await chat.platform.thread(chat.user))["messages"][since:]
    return [message for message in messages if message["from"] == chat.platform.bot.id]


async def said_so_far(chat: Conversation) -> int:
    return len((await chat.platform.thread(chat.user))["messages"])


async def test_text_custom_json_image_attachment_and_elements_arrive_in_order(
    chat: Conversation,
) -> None:
    await chat.is_handed_over()
    before = await said_so_far(chat)
    await chat.says("menu")
    await chat.hears("Elements")
    await chat.platform.wait_until(
        chat.user, lambda thread: len(thread["messages"]) == before + 7, "cards are missing"
    )
    text, custom, image, attachment, words, elements = await sent_by_the_bot(chat, before)
    assert text["text"] == "All the cards"
    assert custom["text"] == "Custom words"
    assert custom["metadata"].split(" ")[1:] == ["mine"]  # after the channel's mark
    assert image["attachments"][0]["type"] == "image"
    assert attachment["attachments"][0]["payload"]["url"] == "https://example.com/f.pdf"
    assert words["text"] == "Elements"
    template = elements["attachments"][0]["payload"]
    assert template["template_type"] == "generic"
    assert template["elements"][0]["title"] == "Opening hours"


async def test_quick_replies_arrive_and_their_tap_reaches_rasa(
    stack: Stack, chat: Conversation
) -> None:
    await chat.says("I want to talk to sales")
    await chat.is_owned_by(stack.platform.agent.id)
    body = {"recipient": {"id": chat.user}, "target_app_id": stack.platform.bot.id}
    await stack.platform.agent_calls("pass_thread_control", body)
    await chat.hears("How was it?")
    await chat.taps("Fine")
    await chat.hears("Glad to hear it")


async def test_a_button_of_an_element_hands_over_again(chat: Conversation) -> None:
    await chat.is_handed_over()
    await chat.says("menu")
    await chat.hears("Elements")
    await chat.platform.wait_until(
        chat.user,
        lambda thread: "elements" in str(thread["messages"][-1].get("attachments")),
        "the element has not come",
    )
    await chat.taps("Call me")
    await chat.is_owned_by(chat.platform.inbox_app_id)
