"""A page of the emulator and the bot's app on it, moved through the emulator's control API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec

from channels.core.events import Thread
from channels.core.meta.ownership import Routing
from channels.graph.http import HttpGraph
from channels.instruments.clock import Clock, SystemClock
from emulator import PAGE_INBOX, default_config, running


class EmulatedPage:
    """One thread of one page: its user, the bot's app, an agent's app and the Page Inbox."""

    def __init__(self, url: str, http: aiohttp.ClientSession, config: dict[str, Any]) -> None:
        self.url = url
        self.bot, self.agent = config["apps"]
        self.thread = Thread(page=config["page"]["id"], user=config["users"][0]["id"])
        self.account = config["instagram"]["id"]
        self._http = http

    def graph(self, clock: Clock | None = None, **settings: Any) -> HttpGraph:
        """The bot's Graph, but for the settings that are given."""
        usual = {
            "graph_url": f"{self.url}/v25.0",
            "page_access_token": self.bot["page_access_token"],
            "app_id": self.bot["id"],
            "app_secret": self.bot["secret"],
            "clock": clock or SystemClock(),
        }
        return HttpGraph(**{**usual, **settings})

    async def drop_webhooks(self) -> None:
        """Nobody listens for the bot's webhooks here."""
        await self._control("PUT", f"apps/{self.bot['id']}", webhook=None)

    async def start_over(self) -> None:
        """As freshly started, but nobody has written yet."""
        await self._control("POST", "reset")

    async def user_writes(self, text: str = "Hello", *, user: str | None = None) -> None:
        await self._control("POST", f"users/{user or self.thread.user}/messages", text=text)

    async def give_to(self, app_id: str | None) -> None:
        """Let an app own the thread, or nobody; needs routing to be on."""
        inbox = f"inbox/{self.thread.user}"
        if await self.owner_id() != PAGE_INBOX:
            await self._control("POST", f"{inbox}/take")
        if app_id is None:
            await self._control("POST", f"{inbox}/release")
        elif app_id != PAGE_INBOX:
            await self._control("POST", f"{inbox}/pass", target_app_id=app_id)

    async def set_owner(self, app_id: str | None, *, user: str) -> None:
        """As `give_to`, for any user; the owner may be any app but the Inbox."""
        await self._control("POST", f"inbox/{user}/take")
        if app_id is None:
            await self._control("POST", f"inbox/{user}/release")
        else:
            await self._control("POST", f"inbox/{user}/pass", target_app_id=app_id)

    async def set_mode(self, mode: str) -> None:
        """Routing `on` or `off`, or the bot's role among the older ones."""
        if mode == "secondary":
            await self._control("PUT", "default_app", app_id=self.agent["id"])
        is_role = mode in ("primary", "secondary")
        await self._control("PUT", "routing", mode="legacy" if is_role else mode)

    async def set_routing(self, routing: Routing) -> None:
        await self._control("PUT", "routing", mode=routing.value)

    async def forbid_taking(self) -> None:
        """Switch off "Take control of conversations" for the bot's app."""
        await self._control("PUT", f"apps/{self.bot['id']}", take_control=False)

    async def unsubscribe(self) -> None:
        """What Meta does when the webhook has failed for an hour."""
        await self._control("PUT", f"apps/{self.bot['id']}", installed=False)

    async def subscribe(self, *fields: str) -> None:
        """Let the page send the bot's app these fields, and no others."""
        await self._control("PUT", f"apps/{self.bot['id']}", subscribed_fields=fields)

    async def close_window(self) -> None:
        """Let the 24 hours after the user's last message pass, and control expire with them."""
        seconds = timedelta(hours=25).total_seconds()
        await self._control("POST", "clock", advance_seconds=seconds)

    async def refuse_token(self) -> None:
        """Refuse every call, as if the bot's token had expired."""
        error = {"code": 190, "error_subcode": 463, "message": "The token has expired."}
        await self.break_calls(app_id=self.bot["id"], error=error, times=None)

    async def break_calls(self, **fault: Any) -> None:
        """Let the next calls fail as the emulator's `CallFault` says."""
        await self._control("POST", "faults", calls=fault)

    async def restore_calls(self) -> None:
        await self._control("DELETE", "faults")

    async def owner_id(self, *, user: str | None = None) -> str | None:
        view = await self._control("GET", f"threads/{user or self.thread.user}")
        owner: str | None = view["owner"]
        return owner

    async def delivered(self) -> list[dict[str, Any]]:
        """The bot's messages that the user got."""
        view = await self._control("GET", f"threads/{self.thread.user}")
        return [message for message in view["messages"] if message["from"] == self.bot["id"]]

    async def calls(self, path: str) -> list[dict[str, Any]]:
        """The Graph calls so far whose path ends like this."""
        return list(await self._control("GET", f"calls?path={path}"))

    async def _control(self, method: str, path: str, **body: Any) -> Any:
        url = f"{self.url}/_emulator/{path}"
        async with self._http.request(method, url, json=body or None) as response:
            answer = await response.json()
            assert response.ok, f"{method} {path}: {answer}"
            return answer


@asynccontextmanager
async def emulated_page() -> AsyncIterator[EmulatedPage]:
    """An emulator with routing on, in which the bot owns the first user's thread. Each of the bot's
    calls must prove that it knows the app's secret.
    """
    config = default_config()
    bot = msgspec.structs.replace(config.apps[0], require_app_secret=True)
    config = msgspec.structs.replace(config, apps=(bot, *config.apps[1:]))
    async with running(config) as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}/_emulator/config") as response:
            page = EmulatedPage(url, http, await response.json())
        await page.drop_webhooks()
        await page.user_writes()
        yield page
