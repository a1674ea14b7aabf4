"""The emulator with the bot, two agents' apps and the Page Inbox, on a clock that stands still.

What differs from one run to the next in the emulator (the time, message ids) is held fixed here,
so that the same steps always lead to the same end.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any
from unittest import mock

import aiohttp
import msgspec
from aiohttp import web

from emulator import Config, default_config, running
from emulator.platform.delivery import Deliveries
from emulator.platform.state.clock import EmulatorClock
from emulator.rules.accounts import INBOXES as INBOX_BY_PLATFORM
from emulator.rules.events import Delivery
from tests.fakes.clock import ManualClock

_DEFAULT = default_config()
_DESK = _DEFAULT.apps[1]
BOT_APP = _DEFAULT.apps[0]
BOT = BOT_APP.id
DESK = _DESK.id
SHOP = "900300300300300"
PRESS = "900400400400400"  # writes newsletters; it is not connected to the page
INBOXES = tuple(INBOX_BY_PLATFORM.values())
USERS = tuple(user.id for user in _DEFAULT.users)
TOKENS = {BOT: BOT_APP.page_access_token, DESK: _DESK.page_access_token, SHOP: "shop-token"}

_INBOX_OF = {user.id: INBOX_BY_PLATFORM[user.platform] for user in _DEFAULT.users}

Json = dict[str, Any]
Receive = Callable[[bytes, str | None], Awaitable[None]]


def inbox_of(user: str) -> str:
    """The Inbox of where the user writes: the Page's, or that of its Instagram account."""
    return _INBOX_OF[user]


class EmulatedPlatform:
    """The emulator through its HTTP interfaces: Graph, and the control API."""

    def __init__(self, *, url: str, http: aiohttp.ClientSession, webhook: BotWebhook) -> None:
        self.url = url
        self.webhook = webhook
        self._http = http
        self._log_read = 0

    async def graph(self, app_id: str, edge: str, user: str, **fields: Any) -> bool:
        """A POST by an app; whether Meta has taken it."""
        headers = {"Authorization": f"Bearer {TOKENS[app_id]}"}
        body = {"recipient": {"id": user}, **fields}
        url = f"{self.url}/v25.0/me/{edge}"
        async with self._http.post(url, json=body, headers=headers) as answer:
            await answer.read()
            return answer.ok

    async def control(self, method: str, path: str, body: Json | None = None) -> bool:
        """A call of the control API; whether Meta would have let it happen."""
        url = f"{self.url}/_emulator/{path}"
        async with self._http.request(method, url, json=body) as answer:
            await answer.read()
            return answer.ok

    async def log(self) -> list[Json]:
        """What has happened since the last look."""
        url = f"{self.url}/_emulator/log?after={self._log_read}&kind=owner,message,call"
        async with self._http.get(url) as answer:
            read = await answer.json()
        self._log_read = read["last"]
        entries: list[Json] = read["entries"]
        return entries

    async def begin(self, clock: ManualClock) -> None:
        """Everything from the beginning, on this clock."""
        await self.control("POST", "reset")
        _Fixed.clock = clock
        _Fixed.numbers = itertools.count(1)
        self._log_read = 0
        self.webhook.expected = self.webhook.received = 0


class BotWebhook:
    """Where the emulator posts to the bot; `receive` gets the body and its signature."""

    def __init__(self) -> None:
        self.expected = 0
        self.received = 0
        self.receive: Receive | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether an event is on its way."""
        return self.received < self.expected

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.receive is not None:
            await self.receive(body, request.headers.get("X-Hub-Signature-256"))
        self.received += 1
        return web.Response()


class _Fixed(EmulatorClock):
    """The clock of the world under test, and message ids by number."""

    clock = ManualClock(datetime.fromtimestamp(0, timezone.utc))
    numbers = itertools.count(1)

    def now(self) -> datetime:
        return self.clock.now()

    @classmethod
    def new_mid(cls) -> str:
        return f"m_{next(cls.numbers)}"


def _date(_: object) -> dict[str, str]:
    """The `Date` of an answer: Meta's clock is that of the world, and not of this machine."""
    return {"Date": format_datetime(_Fixed.clock.now(), usegmt=True)}


def _counting(webhook: BotWebhook) -> type[Deliveries]:
    class CountedDeliveries(Deliveries):
        def put(self, app_id: str, delivery: Delivery) -> None:
            webhook.expected += 1
            super().put(app_id, delivery)

    return CountedDeliveries


@asynccontextmanager
async def emulated_platform() -> AsyncIterator[EmulatedPlatform]:
    webhook = BotWebhook()
    async with AsyncExitStack() as stack:
        for name, fixed in (
            ("emulator.platform.state.state.EmulatorClock", _Fixed),
            ("emulator.platform.platform.new_mid", _Fixed.new_mid),
            ("emulator.graph.api.GraphApi._date", _date),
            ("emulator.server.Deliveries", _counting(webhook)),
        ):
            stack.enter_context(mock.patch(name, fixed))
        url = await stack.enter_async_context(running(_config(await _served(webhook, stack))))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield EmulatedPlatform(url=url, http=http, webhook=webhook)


async def _served(webhook: BotWebhook, stack: AsyncExitStack) -> str:
    app = web.Application()
    app.router.add_post("/webhook", webhook.post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"


def _config(webhook: str) -> Config:
    """The agents' apps hear nothing: what their people do is up to the test."""
    bot = msgspec.structs.replace(BOT_APP, webhook=webhook)
    desk = msgspec.structs.replace(_DESK, subscribed_fields=(), instagram_fields=())
    shop = msgspec.structs.replace(desk, id=SHOP, page_access_token=TOKENS[SHOP])
    return msgspec.structs.replace(_DEFAULT, apps=(bot, desk, shop))
