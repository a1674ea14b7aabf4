"""An emulator with a webhook receiver for each of two apps, all on real HTTP on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from emulator import (
    PAGE_INBOX,
    App,
    Config,
    DeliverySettings,
    default_config,
    running,
)

PATIENCE = 10.0  # seconds that a test waits for an event before it fails
BOT, AGENT = (app.id for app in default_config().apps)
PAGE = default_config().page.id
USER, OTHER_USER, INSTAGRAM_USER = (user.id for user in default_config().users)
INBOX = PAGE_INBOX
INSTAGRAM = default_config().instagram.id  # type: ignore[union-attr]
QUICK_RETRIES = DeliverySettings(answer_within_ms=300, retry_after_ms=(0, 10))

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One event that an app was sent."""

    array: str
    event: Json

    @property
    def name(self) -> str:
        """What the event is about: `message`, `echo`, `pass_thread_control` …"""
        if self.event.get("message", {}).get("is_echo"):
            return "echo"
        return next(key for key in self.event if key not in ("sender", "recipient", "timestamp"))


@dataclass(kw_only=True)
class Receiver:
    """An app's webhook: keeps every POST, answers with `statuses` in turn, then 200, or never
    while it is `silent`.
    """

    posts: list[tuple[bytes, Json]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    verify_token: str = ""
    silent: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def post(self, request: web.Request) -> web.Response:
        """Take one webhook."""
        async with self._changed:
            self.posts.append((await request.read(), dict(request.headers)))
            self._changed.notify_all()
        if self.silent:
            await asyncio.Event().wait()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def get(self, request: web.Request) -> web.Response:
        """The verification handshake."""
        if request.query.get("hub.verify_token") != self.verify_token:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def wait_for_posts(self, count: int) -> None:
        """Wait until this many POSTs have come."""
        async with self._changed:
            enough = self._changed.wait_for(lambda: len(self.posts) >= count)
            await asyncio.wait_for(enough, PATIENCE)

    def bodies(self) -> list[Json]:
        """The POSTs' JSON."""
        return [json.loads(raw) for raw, _ in self.posts]

    def heard(self) -> list[Heard]:
        """Every event of every POST, in order."""
        return [
            Heard(array=array, event=event)
            for body in self.bodies()
            for entry in body["entry"]
            for array in ("messaging", "standby")
            for event in entry.get(array, [])
        ]


@dataclass(kw_only=True)
class World:
    """The emulator as a test sees it."""

    url: str
    http: aiohttp.ClientSession
    receivers: dict[str, Receiver]

    async def graph(
        self,
        app_id: str,
        edge: str,
        body: Json | None = None,
        *,
        method: str = "POST",
        **query: Any,
    ) -> tuple[int, Json]:
        """A Graph call with the app's Page token; status and JSON."""
        headers = {"Authorization": f"Bearer {token_of(app_id)}"}
        url = f"{self.url}/v25.0/{edge}"
        async with self.http.request(
            method, url, json=body, params=query, headers=headers
        ) as answer:
            return answer.status, await answer.json()

    async def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A call of the control API; status and JSON."""
        async with self.http.request(method, f"{self.url}/_emulator/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API that must work; its JSON."""
        status, answer = await self.control(method, path, body)
        assert status in (200, 201), answer
        return answer

    async def user_says(self, text: str, user: str = USER) -> str:
        """The person writes; the mid."""
        answer = await self.done("POST", f"users/{user}/messages", {"text": text})
        return str(answer["mid"])

    async def sends(
        self, app_id: str, text: str = "hello", user: str = USER, **extra: Any
    ) -> tuple[int, Json]:
        """An app sends a text."""
        body = {
            "messaging_type": "RESPONSE",
            "recipient": {"id": user},
            "message": {"text": text},
        }
        return await self.graph(app_id, "me/messages", {**body, **extra})

    async def passes(
        self, app_id: str, target: str, user: str = USER, **extra: Any
    ) -> tuple[int, Json]:
        """An app passes the thread."""
        body = {"recipient": {"id": user}, "target_app_id": target, **extra}
        return await self.graph(app_id, "me/pass_thread_control", body)

    async def moves(
        self, app_id: str, verb: str, user: str = USER, **extra: Any
    ) -> tuple[int, Json]:
        """An app takes, releases, requests or extends control."""
        body = {"recipient": {"id": user}, **extra}
        return await self.graph(app_id, f"me/{verb}_thread_control", body)

    async def owner(self, user: str = USER) -> str | None:
        """Who owns the thread."""
        thread = await self.done("GET", f"threads/{user}")
        return thread["owner"]  # type: ignore[no-any-return]

    async def heard_by(self, app_id: str, user: str = USER) -> list[Heard]:
        """All that the app has been sent about the person, without delivery receipts.

        Webhooks of an app come in order, so a message of another person, sent now, is the last.
        """
        marker = await self.user_says("marker", OTHER_USER)
        receiver = self.receivers[app_id]

        def marked() -> bool:
            return any(
                one.event.get("message", {}).get("mid") == marker for one in receiver.heard()
            )

        while not marked():
            await receiver.wait_for_posts(len(receiver.posts) + 1)
        return [
            one
            for one in receiver.heard()
            if user in (one.event.get("sender", {}).get("id"), one.event["recipient"]["id"])
            and one.name != "delivery"
        ]

    async def names_heard_by(self, app_id: str, user: str = USER) -> list[tuple[str, str]]:
        """As `heard_by`, but only array and name."""
        return [(one.array, one.name) for one in await self.heard_by(app_id, user)]


def token_of(app_id: str) -> str:
    """The Page token of a default app."""
    return next(app.page_access_token for app in default_config().apps if app.id == app_id)


@asynccontextmanager
async def emulated(
    *, delivery: DeliverySettings = QUICK_RETRIES, **config: Any
) -> AsyncIterator[World]:
    """Two receivers and an emulator whose apps post to them."""
    receivers = {BOT: Receiver(), AGENT: Receiver()}
    async with AsyncExitStack() as stack:
        apps = []
        for app in default_config().apps:
            receivers[app.id].verify_token = app.verify_token
            webhook = await stack.enter_async_context(_served(receivers[app.id]))
            apps.append(msgspec.structs.replace(app, webhook=webhook))
        chosen = _config(tuple(apps), delivery=delivery, **config)
        url = await stack.enter_async_context(running(chosen))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield World(url=url, http=http, receivers=receivers)


def _config(apps: tuple[App, ...], **config: Any) -> Config:
    return msgspec.structs.replace(default_config(), apps=apps, **config)


@asynccontextmanager
async def _served(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/webhook", receiver.post)
    app.router.add_get("/webhook", receiver.get)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    finally:
        await runner.cleanup()
