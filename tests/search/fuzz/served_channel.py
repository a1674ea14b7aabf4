"""The channel on a Sanic server, as `rasa run` has it, with an assistant that only listens."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiohttp import ClientSession, TCPConnector
from rasa.core.channels.channel import UserMessage, register
from rasa.core.lock_store import InMemoryLockStore
from rasa.shared.core.domain import Domain

from channels import MessengerInput
from emulator import default_config, running
from tests.support.rasa_project import InMemoryTrackerStore
from tests.support.sanic_server import new_app, served

BOT = default_config().apps[0]
APP_SECRET = BOT.secret
ADMIN_TOKEN = "the-bots-admin-tökén"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


PATIENCE = timedelta(seconds=30)  # for an answer; the machine may be busy


class ListeningAgent:
    """Stands in for Rasa's: hears each message and says nothing."""

    def __init__(self) -> None:
        self.heard: defaultdict[str, list[str]] = defaultdict(list)  # by the user
        self.news = asyncio.Event()
        self.domain = Domain.empty()
        self.lock_store = InMemoryLockStore()
        self.tracker_store = InMemoryTrackerStore(self.domain)
        self.processor = SimpleNamespace(
            model_metadata=SimpleNamespace(language="en"), run_action_extract_slots=None
        )

    def is_ready(self) -> bool:
        return True

    async def handle_message(self, message: UserMessage) -> None:
        self.heard[message.sender_id].append(message.text)
        self.news.set()


@dataclass(frozen=True, kw_only=True)
class ServedChannel:
    """Where the channel is, and how to call it."""

    port: int
    http: ClientSession
    agent: ListeningAgent

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/facebook"

    async def delivers(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """Post a delivery as Meta would, signed unless `headers` are given; the status."""
        headers = signed(body) if headers is None else headers
        async with self.http.post(f"{self.url}/webhook", data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def answers(self, request: bytes) -> int:
        """The status that these bytes on a connection of their own get; 0 if it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        first_line = await asyncio.wait_for(reader.readline(), PATIENCE.total_seconds())
        writer.close()
        return int(first_line.split()[1]) if first_line else 0

    async def hears(self, user: str, last: str) -> list[str]:
        """All that the assistant has heard of the user, once it has heard this."""
        while last not in self.agent.heard[user]:
            self.agent.news.clear()
            await asyncio.wait_for(self.agent.news.wait(), PATIENCE.total_seconds())
        return self.agent.heard[user]


@asynccontextmanager
async def served_channel(directory: Path) -> AsyncIterator[ServedChannel]:
    """The channel with a SQLite store in the directory; its Graph is an emulator's."""
    async with running() as emulator_url, _serving(credentials(directory, emulator_url)) as served:
        yield served


@asynccontextmanager
async def _serving(section: dict[str, Any]) -> AsyncIterator[ServedChannel]:
    app = new_app()
    register([MessengerInput.from_credentials(section)], app, route="/webhooks/")
    app.ctx.agent = agent = ListeningAgent()
    # A connection for each: one that was quiet for seconds the server may be closing.
    connector = TCPConnector(force_close=True)
    async with ClientSession(connector=connector) as http, served(app) as port:
        yield ServedChannel(port=port, http=http, agent=agent)


def credentials(directory: Path, emulator_url: str) -> dict[str, Any]:
    return {
        "verify": BOT.verify_token,
        "secret": APP_SECRET,
        "page-access-token": BOT.page_access_token,
        "app-id": BOT.id,
        "admin-token": ADMIN_TOKEN,
        "graph-url": f"{emulator_url}/v25.0",
        "public-url": "http://127.0.0.1",
        "routing": "on",
        "store": f"sqlite:///{directory / 'handover.db'}",
    }


def signed(body: bytes) -> dict[str, str]:
    """The header with which Meta signs these bytes."""
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}
