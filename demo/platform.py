"""What a person can do on the emulated platform: write, tap, answer, look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession, ClientTimeout

WAIT_LIMIT = timedelta(seconds=60)  # far more than anything takes, even on a busy machine
_LONG_POLL = timedelta(seconds=5)


class NotSeen(Exception):
    """What was waited for did not happen in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppOnPage:
    """An app that is connected to the emulated page."""

    id: str
    name: str
    secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    page_access_token: str = field(repr=False)


class EmulatedPlatform:
    """The emulator's control API, in terms of what people do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http: ClientSession | None = None
        self._config: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    async def open(self, *, bot_webhook: str) -> None:
        """Connect, and point the bot's app at its webhook."""
        self._http = ClientSession(timeout=ClientTimeout(total=60))
        self._config = await self.call("GET", "config")
        self._names = {str(app["id"]): app["name"] for app in self._config["apps"]}
        self._names[self.inbox_app_id] = "Page Inbox"
        self._names[self.instagram_inbox_app_id] = "Instagram Inbox"
        await self.call("PUT", f"apps/{self.bot.id}", {"webhook": bot_webhook})

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    @property
    def page(self) -> str:
        return str(self._config["page"]["id"])

    @property
    def instagram(self) -> str:
        """The id of the Instagram account that is linked to the page."""
        return str(self._config["instagram"]["id"])

    @property
    def bot(self) -> AppOnPage:
        return self._app(0)

    @property
    def agent(self) -> AppOnPage:
        return self._app(1)

    @property
    def notify_secret(self) -> str:
        """What the bot signs its notices with; the emulator has made it."""
        return str(self._config["desk"]["notify_secret"])

    @property
    def inbox_app_id(self) -> str:
        return str(self._config["inbox_app_id"])

    @property
    def instagram_inbox_app_id(self) -> str:
        return str(self._config["instagram_inbox_app_id"])

    def name_of(self, sender: str) -> str:
        """The name behind an app id or a user's id; "user" stands for the only user there is."""
        return self._names.get(sender, sender)

    async def add_user(self, user: str, name: str, *, platform: str = "messenger") -> None:
        """Add a person who writes on `messenger` or on `instagram`."""
        await self.call("POST", "users", {"id": user, "name": name, "platform": platform})
        self._names.update({user: name, "user": name})

    async def user_says(self, user: str, text: str) -> None:
        await self.call("POST", f"users/{user}/messages", {"text": text})

    async def user_taps(self, user: str, title: str) -> None:
        await self.call("POST", f"users/{user}/taps", {"title": title})

    async def inbox_says(self, user: str, text: str) -> None:
        await self.call("POST", f"inbox/{user}/messages", {"text": text})

    async def agent_says(self, user: str, text: str) -> None:
        message = {"messaging_type": "RESPONSE", "message": {"text": text}}
        await self.agent_calls("messages", {"recipient": {"id": user}, **message})

    async def agent_calls(self, edge: str, body: dict[str, Any]) -> dict[str, Any]:
        """A Graph call of the agent's app, as it would make it itself."""
        headers = {"Authorization": f"Bearer {self.agent.page_access_token}"}
        async with self._client.post(
            f"{self.url}/v25.0/me/{edge}", json=body, headers=headers
        ) as answer:
            answer.raise_for_status()
            result: dict[str, Any] = await answer.json()
            return result

    async def thread(self, user: str) -> dict[str, Any]:
        thread: dict[str, Any] = await self.call("GET", f"threads/{user}")
        return thread

    async def owner(self, user: str) -> str | None:
        """The app id of the thread's owner; None while it has none."""
        owner: str | None = (await self.thread(user))["owner"]
        return owner

    async def wait_until(
        self,
        user: str,
        seen: Callable[[dict[str, Any]], bool],
        what: str,
        *,
        limit: timedelta = WAIT_LIMIT,
    ) -> dict[str, Any]:
        """The user's thread, as soon as `seen` is true of it. Raises NotSeen, saying `what`."""
        deadline = asyncio.get_running_loop().time() + limit.total_seconds()
        position = 0
        while True:
            thread = await self.thread(user)
            if seen(thread):
                return thread
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise NotSeen(f"{what}; the thread is {thread}")
            position = await self._something_happened(position, timedelta(seconds=left))

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control API."""
        async with self._client.request(
            method, f"{self.url}/_emulator/{path}", json=body
        ) as answer:
            if answer.status >= 400:
                raise NotSeen(f"{method} {path} was refused: {await answer.text()}")
            return await answer.json()

    async def _something_happened(self, position: int, limit: timedelta) -> int:
        wait_ms = int(min(limit, _LONG_POLL) / timedelta(milliseconds=1))
        log = await self.call("GET", f"log?after={position}&wait_ms={wait_ms}")
        last: int = log["last"]
        return last

    @property
    def _client(self) -> ClientSession:
        if self._http is None:
            raise RuntimeError("Open the platform before you use it.")
        return self._http

    def _app(self, number: int) -> AppOnPage:
        app = self._config["apps"][number]
        return AppOnPage(**{name: app[name] for name in AppOnPage.__slots__})
