"""What people write is in no line of the log of a real `rasa run`, by whatever detour.

The plugin logs all it can, and Rasa what it does by default. Each detour is shown to have been
taken by the line that it leaves.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.forks.forked_stack import Stacks

SENTINEL = "Marzipan4711"
WISH = f"I want to talk to a human {SENTINEL}"
ALL_OF_OURS = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"channels": {"level": "DEBUG"}},
}
TYPED = (
    f"/{SENTINEL}",
    f"/greet {SENTINEL}",
    f'/greet{{"{SENTINEL}": 1}}',
    f"/greet{{{SENTINEL}",
    f"/greet@{SENTINEL}",
    f"/ /{SENTINEL}",
)
LINES = (
    *("The Messenger channel is ready", "is not JSON", "was not signed with this app's secret"),
    *("A part of a delivery was left out", "utter_greet was not sent: Graph refused"),
    "A handover could not be made: Graph refused",
    *("Encountered an exception while running action 'action_handover'", "ClientResponseError"),
    "Custom action 'action_handover' rejected",
)


@asynccontextmanager
async def quoting_actions(port: int) -> AsyncIterator[None]:
    """An action server whose handovers fail, and that says of what: first by an error, then by a
    rejection."""
    calls = 0

    async def fail(request: web.Request) -> web.Response:
        nonlocal calls
        call = await request.json()
        if call["next_action"] != "action_handover":
            return web.json_response({"events": [], "responses": []})
        calls += 1
        if calls == 1:
            return web.json_response(call["tracker"], status=500)
        said = call["tracker"]["latest_message"]["text"]
        error = f"Custom action 'action_handover' rejected: no idea what '{said}' is"
        told = {"action_name": "action_handover", "error": error}
        return web.json_response(told, status=400)

    app = web.Application(client_max_size=10 * 1024 * 1024)
    app.router.add_post("/webhook", fail)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    """A stack that logs all it can of ours."""
    async with stacks.new("quiet") as running:
        running.change_channel(typed_intents=True, transcript=True, on_failure="off")
        running.log_by(ALL_OF_OURS)
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def log(stack: Stack, new_user_id: Callable[[], str], http: ClientSession) -> str:
    """All that Rasa has written once each detour has been taken."""
    chat = await someone(stack, new_user_id())
    await talks(chat)
    await types_commands(chat)
    await is_refused_by_meta(await someone(stack, new_user_id()))
    await posts_what_is_odd(stack, http)
    await stack.actions.stop()
    async with quoting_actions(stack.actions_port):
        await fails_in_actions(await someone(stack, new_user_id()))
    await stack.rasa.stop()
    return stack.rasa.output


async def someone(stack: Stack, user: str) -> Conversation:
    await stack.platform.add_user(user, "Grace")
    return Conversation(stack, user)


async def talks(chat: Conversation) -> None:
    await chat.says(f"hello {SENTINEL}")
    await chat.has_reached_the_bot(f"hello {SENTINEL}")
    await chat.is_handed_over(WISH)
    await chat.says(f"My name is {SENTINEL}")
    await chat.operator_says(f"Good morning {SENTINEL}")
    await chat.says("menu")
    await chat.hears(FEEDBACK)


async def types_commands(chat: Conversation) -> None:
    for text in TYPED:
        await chat.says(text)
    await chat.says("/greet")
    await chat.hears("I am the bot of this page")


async def is_refused_by_meta(chat: Conversation) -> None:
    """Meta's errors quote what was sent, whole, in part and rewritten."""
    said = f"'{SENTINEL}' {SENTINEL[:8]} {SENTINEL.upper()} {SENTINEL[::-1]} {SENTINEL!a}"
    for path in ("messages", "pass_thread_control"):
        error = {"code": 100, "message": f"(#100) Invalid parameter: {said} is not allowed"}
        calls = {"path": path, "user": chat.user, "error": error}
        await chat.platform.call("POST", "faults", {"calls": calls})
        await chat.says("/greet" if path == "messages" else WISH)
    await chat.hears("I could not reach our team")


async def posts_what_is_odd(stack: Stack, http: ClientSession) -> None:
    bot = stack.platform.bot
    odd = {"object": "page", "entry": [{"id": stack.platform.page, "messaging": SENTINEL}]}
    for body in (f'{{"object": "{SENTINEL}'.encode(), b"\xff" + SENTINEL.encode(), dumped(odd)):
        digest = hmac.new(bot.secret.encode(), body, hashlib.sha256).hexdigest()
        for signature in (f"sha256={digest}", f"sha256={SENTINEL}"):
            headers = {"X-Hub-Signature-256": signature}
            url = f"{stack.channel_url}/webhook?{SENTINEL}"
            async with http.post(url, data=body, headers=headers) as answer:
                assert answer.status in (200, 400, 403)


async def fails_in_actions(chat: Conversation) -> None:
    for words in (WISH, f"{WISH} please"):
        await chat.says(words)
        await chat.has_reached_the_bot(words)
    await chat.hears_times(2, "connecting you")
    await chat.says("/greet")
    await chat.hears("I am the bot of this page")


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


async def test_what_people_write_is_in_no_line(log: str) -> None:
    parts = (SENTINEL, SENTINEL[:8], SENTINEL[::-1], SENTINEL[:8][::-1])
    quoting = [
        line for line in log.splitlines() if any(part.lower() in line.lower() for part in parts)
    ]
    assert quoting == []


@pytest.mark.parametrize("line", LINES)
async def test_each_detour_was_taken(log: str, line: str) -> None:
    assert line in log
