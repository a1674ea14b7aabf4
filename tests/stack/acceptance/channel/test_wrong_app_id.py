"""An `app-id` that is not the app's own: the log says so, and the bot is not silenced by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from demo.stack import Stack
from tests.stack.acceptance.conversation import Conversation
from tests.stack.forks.forked_stack import Stacks

GREETING = "I am the bot of this page"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    async with stacks.new("mistaken") as running:
        running.change_channel(app_id="123456")
        await running.start()
        yield running


async def test_a_bot_with_a_wrong_app_id_goes_on_and_says_what_is_wrong(
    stack: Stack, chat: Conversation
) -> None:
    await chat.says("hello")
    greeting = next(said for said in await chat.hears(GREETING) if GREETING in said)
    await chat.has_reached_the_bot(greeting)  # as an echo

    await chat.says("hello")
    await chat.hears_times(2, GREETING)
    assert stack.rasa.output.count("'app-id' in credentials.yml is not this app's") == 1
