"""A bot's server that does what a test says, and the emulator's page with only that behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from aiohttp import ClientSession, web
from playwright.async_api import Browser, ViewportSize
from standardwebhooks import Webhook

from demo.platform import EmulatedPlatform
from emulator import running
from tests.stack.browser.chat_screen import ChatScreen

DESK = ViewportSize(width=1280, height=800)
HANDSET = ViewportSize(width=375, height=700)
USER = "24870165432300777"
OPERATOR_TOKEN = "operator-token"


@dataclass(kw_only=True)
class ScriptedBot:
    """What it answers: to webhooks a status, then how it is, its handovers and its contexts."""

    webhook_status: int = 200
    problems: list[dict[str, str]] = field(default_factory=list)
    handover: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Whatever is asked of the server."""
        path = request.path.removeprefix("/webhooks/facebook")
        if path == "/webhook":
            return web.Response(status=self.webhook_status)
        if path == "/health":
            return web.json_response({"problems": self.problems})
        found = self.context if path.endswith("/context") else self._handover_for(request)
        return web.json_response(
            found or {"error": "There is nothing."}, status=200 if found else 404
        )

    def _handover_for(self, request: web.Request) -> dict[str, Any] | None:
        knows = request.headers.get("Authorization") == f"Bearer {OPERATOR_TOKEN}"
        return self.handover if knows else None


@dataclass(kw_only=True)
class Stage:
    """The page, its emulator, and the bot's server."""

    screen: ChatScreen
    bot: ScriptedBot

    @property
    def platform(self) -> EmulatedPlatform:
        return self.screen.platform

    @property
    def webhook(self) -> str:
        """Where the bot's server takes webhooks."""
        return f"{self.bot.url}/webhooks/facebook/webhook"

    async def writes(self, text: str) -> None:
        """The user writes on the phone, and the emulator has it."""
        await self.screen.writes(text)
        await self.screen.shows(text)

    async def bot_says(self, **message: Any) -> None:
        await self.screen.is_sent(message)

    async def bot_calls(self, edge: str, **body: Any) -> None:
        """A Graph call of the bot about the user."""
        headers = {"Authorization": f"Bearer {self.platform.bot.page_access_token}"}
        url = f"{self.platform.url}/v25.0/me/{edge}"
        async with ClientSession(headers=headers) as http:
            body = {"recipient": {"id": self.screen.user}, **body}
            async with http.post(url, json=body) as answer:
                assert answer.status == 200, await answer.text()

    async def bot_passes(self, target: str, **metadata: Any) -> None:
        """The bot hands over, with these as what comes with the thread."""
        written = json.dumps(metadata)
        await self.bot_calls("pass_thread_control", target_app_id=target, metadata=written)

    async def bot_tells(self, event: str, *, secret: str | None = None, **data: Any) -> int:
        """A notice to operators; the status of the answer."""
        body = json.dumps({"type": f"handover.{event}", "data": {"event": event, **data}})
        its_id, now = f"msg_{data.get('user')}_{event}", datetime.now(timezone.utc)
        signature = Webhook(secret or self.platform.notify_secret).sign(its_id, now, body)
        headers = {
            "webhook-id": its_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        url = f"{self.platform.url}/_emulator/notices"
        async with ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def staged(
    browser: Browser, *, viewport: ViewportSize = DESK, **context: Any
) -> AsyncIterator[Stage]:
    """The page of an emulator with a person who has not written, and a bot that takes webhooks."""
    bot = ScriptedBot()
    async with _served(bot), running() as url:
        platform = EmulatedPlatform(url)
        await platform.open(bot_webhook=f"{bot.url}/webhooks/facebook/webhook")
        await platform.call("PUT", "desk", {"operator_token": OPERATOR_TOKEN})
        await platform.add_user(USER, "Grace Hopper")
        opened = await browser.new_context(viewport=viewport, **context)
        screen = ChatScreen(await opened.new_page(), platform, USER)
        await screen.open()
        yield Stage(screen=screen, bot=bot)
        await opened.close()
        await platform.close()
        assert screen.errors == []


@asynccontextmanager
async def _served(bot: ScriptedBot) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", bot.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield
    finally:
        await runner.cleanup()
