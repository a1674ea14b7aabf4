"""The emulator, and what its control API tells of calls that came in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from emulator import App, default_config, running

Json = dict[str, Any]
CONFIG = default_config()
PAGE = CONFIG.page.id
BOT, AGENT = CONFIG.apps
USER, OTHER_USER, INSTAGRAM_USER = (user.id for user in CONFIG.users)
NOBODY = "7999999999999999"
VERIFY_TOKEN = "a-new-verify-token"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An emulator with a webhook beside it that does what Meta's handshake wants."""

    url: str
    webhook: str
    http: aiohttp.ClientSession

    def access(self, app: App = BOT, *, token: str | None = None, proof: bool = True) -> Json:
        """What a library needs to act as an app: with its Page token unless it is another."""
        return {
            "url": self.url,
            "token": app.page_access_token if token is None else token,
            "app": app.id,
            "secret": app.secret,
            "proof": proof,
        }

    def app_access(self) -> Json:
        """As `access`, by the app's own token; a proof is for Page and user tokens."""
        return self.access(token=f"{BOT.id}|{BOT.secret}", proof=False)

    async def start_over(self) -> None:
        """As freshly started, and the first person has written, so that the bot may answer."""
        await self.control("POST", "reset")
        for app in CONFIG.apps:
            settings = {"webhook": None, "verify_token": app.verify_token}
            await self.control("PUT", f"apps/{app.id}", settings)
        await self.control("POST", f"users/{USER}/messages", {"text": "Hello"})

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API, which must work; its JSON."""
        async with self.http.request(method, f"{self.url}/_emulator/{path}", json=body) as answer:
            assert answer.ok, await answer.text()
            return await answer.json()

    async def owner(self) -> str | None:
        """Who owns the first person's thread."""
        thread = await self.control("GET", f"threads/{USER}")
        return thread["owner"]  # type: ignore[no-any-return]

    async def gives_thread_to(self, app: App | None) -> None:
        """An app has the first person's thread, or nobody."""
        await self.control("POST", f"inbox/{USER}/take", {})
        if app is None:
            await self.control("POST", f"inbox/{USER}/release", {})
        else:
            await self.control("POST", f"inbox/{USER}/pass", {"target_app_id": app.id})

    async def newest(self, kind: str) -> Json:
        """The last entry of that kind in the protocol log."""
        log = await self.control("GET", f"log?kind={kind}")
        return log["entries"][-1]  # type: ignore[no-any-return]

    async def app(self, app: App = BOT) -> Json:
        """An app as it is set up now."""
        config = await self.control("GET", "config")
        return next(one for one in config["apps"] if one["id"] == app.id)


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """A stage with an emulator of its own."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running(CONFIG))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        webhook = await stack.enter_async_context(_verifiable_webhook())
        yield Stage(url=url, webhook=webhook, http=http)


@asynccontextmanager
async def _verifiable_webhook() -> AsyncIterator[str]:
    async def challenged(request: web.Request) -> web.Response:
        if request.query.get("hub.verify_token") != VERIFY_TOKEN:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def heard(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/", challenged)
    app.router.add_post("/", heard)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
