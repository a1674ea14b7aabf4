"""The channel on a Sanic server, as `rasa run` has it, with the emulator as its Page.

An assistant that only listens stands in for Rasa.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiohttp import ClientResponse, ClientSession
from async_timeout import timeout
from rasa.core.channels.channel import UserMessage, register
from rasa.core.lock_store import InMemoryLockStore
from rasa.shared.core.domain import Domain
from sanic import Blueprint

from channels import MessengerInput
from channels.instruments.clock import SystemClock
from channels.operators.api import OperatorApi
from emulator import default_config, running
from tests.support.rasa_project import InMemoryTrackerStore
from tests.support.sanic_server import new_app, served

BOT = default_config().apps[0]
ADMIN_TOKEN = "the-bots-admin-token"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
OPERATOR_TOKEN = "the-operators-own-token"
OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
PATH = "/webhooks/facebook"
LOOK_INTERVAL = 0.02  # seconds
WAIT_LIMIT = 60  # seconds
STRANGER = "24870165432999999"


class ListeningAgent:
    """Stands in for Rasa's: hears each message, while it is let, and says nothing."""

    def __init__(self) -> None:
        self.listens = asyncio.Event()
        self.listens.set()
        self.fails = False
        self.heard: list[str] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self._asked = asyncio.Event()
        self._news = asyncio.Event()
        self.domain = Domain.empty()
        self.tracker_store = InMemoryTrackerStore(self.domain)
        self.lock_store = InMemoryLockStore()
        self.processor = SimpleNamespace(
            model_metadata=SimpleNamespace(language="en"),
            handle_message=self.handle_message,
            run_action_extract_slots=None,
        )

    def is_ready(self) -> bool:
        return True

    async def handle_message(self, message: UserMessage) -> None:
        self._asked.set()
        await self.listens.wait()
        if self.fails:
            raise RuntimeError("Rasa fails")
        if message.text in self.answers and message.output_channel is not None:
            answer = self.answers[message.text]
            await message.output_channel.send_response(message.sender_id, answer)
        event = message.parse_data
        self.heard.append(message.text if event is None else event["intent"]["name"])
        self._news.set()

    async def is_asked(self) -> None:
        """Wait until it has been given a message, whether it listens or not."""
        async with timeout(WAIT_LIMIT):
            await self._asked.wait()

    async def has_heard(self, said: str) -> None:
        """Wait until these words, or the event of this name, are the last that it has heard."""
        async with timeout(WAIT_LIMIT):
            while self.heard[-1:] != [said]:
                self._news.clear()
                await self._news.wait()


@dataclass(frozen=True, kw_only=True)
class OperatorStage:
    """The running channel, the people on its Page, and calls of its operator API."""

    url: str
    emulator_url: str
    http: ClientSession
    directory: Path
    agent: ListeningAgent = field(default_factory=ListeningAgent)

    async def control(self, method: str, path: str, **body: Any) -> Any:
        """A call of the emulator's control API."""
        url = f"{self.emulator_url}/_emulator/{path}"
        async with self.http.request(method, url, json=body or None) as answer:
            assert answer.ok, await answer.text()
            return await answer.json()

    async def calls(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """The status and the body of an answer, with the admin token unless `headers` are given."""
        options.setdefault("headers", ADMIN)
        async with self.http.request(method, f"{self.url}{path}", **options) as answer:
            return answer.status, await _body(answer)

    async def is_with_operator(
        self, user: str, *, says: str | None = None, name: str = "Grace"
    ) -> Any:
        """An operator takes the user's thread, and writes, or lets the user wait for an answer.

        Returns the handover that begins.
        """
        await self.control("POST", "users", id=user, name=name)
        await self.control("POST", f"users/{user}/messages", text="Hello")
        await self.control("POST", f"inbox/{user}/take")
        by_whom, counted = ("users", "user_messages")
        if says is not None:
            by_whom, counted = ("inbox", "operator_messages")
        await self.control("POST", f"{by_whom}/{user}/messages", text=says or "Is anybody there?")
        return await self.until(user, lambda one: one and one[counted] == 1)

    async def until(self, user: str, is_so: Any) -> Any:
        """The user's handover once it is as wanted; None where the user has none."""
        async with timeout(WAIT_LIMIT):
            while True:
                status, found = await self.calls("GET", f"/handovers/{user}")
                shown = found if status == 200 else None
                if is_so(shown):
                    return shown
                await asyncio.sleep(LOOK_INTERVAL)

    async def dead(self, count: int) -> list[Any]:
        """What is set aside, once there is this much."""
        async with timeout(WAIT_LIMIT):
            while True:
                found: list[Any] = (await self.calls("GET", "/dead"))[1]["dead"]
                if len(found) >= count:
                    return found
                await asyncio.sleep(LOOK_INTERVAL)

    async def rates(self, user: str, given: dict[str, Any]) -> None:
        """The bot answers the user's next message with what it says about the handover."""
        self.agent.answers["I have an opinion"] = {"custom": {"handover_feedback": given}}
        await self.control("POST", f"users/{user}/messages", text="I have an opinion")
        await self.agent.has_heard("I have an opinion")

    async def returns(self, user: str) -> None:
        """The thread is returned, and the handover has ended."""
        assert (await self.calls("POST", f"/handovers/{user}/return"))[0] == 202
        await self.until(user, lambda one: one is None)

    async def erases(self, user: str, *, unless: int) -> tuple[int, Any]:
        """Ask to erase what is kept of the user until the answer has another status."""
        async with timeout(WAIT_LIMIT):
            while True:
                status, answer = await self.calls("DELETE", f"/handovers/{user}")
                if status != unless:
                    return status, answer
                await asyncio.sleep(LOOK_INTERVAL)


@asynccontextmanager
async def operator_stage(directory: Path, **keys: Any) -> AsyncIterator[OperatorStage]:
    """The channel with a SQLite store in the directory; `keys` are added to its section."""
    async with running() as emulator_url, ClientSession() as http:
        section = {**_section(directory, emulator_url), **keys}
        channel = MessengerInput.from_credentials(section)
        app = new_app()
        register([channel], app, route="/webhooks/")
        async with served(app) as port:
            url = f"http://127.0.0.1:{port}{PATH}"
            stage = OperatorStage(
                url=url, emulator_url=emulator_url, http=http, directory=directory
            )
            app.ctx.agent = stage.agent
            await stage.control("PUT", f"apps/{BOT.id}", webhook=f"{stage.url}/webhook")
            yield stage


def credentials_of(stage: OperatorStage) -> dict[str, Any]:
    """The channel's section of credentials.yml."""
    return _section(stage.directory, stage.emulator_url)


@asynccontextmanager
async def starting_api() -> AsyncIterator[str]:
    """The address of an operator API whose channel has not started yet."""
    app = new_app()
    routes = Blueprint("starting", url_prefix=PATH)
    OperatorApi(admin_token=ADMIN_TOKEN, clock=SystemClock(), engine=lambda: None).add_to(routes)
    app.blueprint(routes)
    async with served(app) as port:
        yield f"http://127.0.0.1:{port}{PATH}"


async def _body(answer: ClientResponse) -> Any:
    return await answer.json() if "json" in answer.content_type else await answer.text()


def _section(directory: Path, emulator_url: str) -> dict[str, Any]:
    return {
        "verify": BOT.verify_token,
        "secret": BOT.secret,
        "page-access-token": BOT.page_access_token,
        "app-id": BOT.id,
        "admin-token": ADMIN_TOKEN,
        "graph-url": f"{emulator_url}/v25.0",
        "routing": "on",
        "on-failure": "off",
        "store": f"sqlite:///{directory / 'handover.db'}",
    }
