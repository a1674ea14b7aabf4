"""Asks the bot what an agents' app may ask it: its health, a person's handover, the context.

The channel's paths are next to its webhook (docs/reference/http.md). Another kind of bot has none
of them, so nothing is known about it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec

from ..platform.state.models import App
from ..platform.state.state import State
from ..rules.errors import JsonObject

PATIENCE = aiohttp.ClientTimeout(total=5)
LONGEST_ANSWER = 1024**2  # bytes


class NoContextError(ValueError):
    """There is no context at the address; the message says why."""


class BotLink:
    """The first app's own server, as its operators' tools reach it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def look(self, user: str) -> JsonObject:
        """The state of the bot: `error` is why it does not answer, `problems` what it says is wrong
        with itself, and `handover` the person's open handover. Each is empty if nothing is known.
        """
        bot = self._bot
        seen: JsonObject = {"webhook": bot.webhook, "error": None, "problems": [], "handover": None}
        if bot.webhook is None:
            return seen
        try:
            _, health = await self._ask(f"{_base(bot.webhook)}/health")
            seen["problems"] = _problems_in(health)
            if self._state.desk.operator_token is not None:
                seen["handover"] = await self._handover(_base(bot.webhook), user)
        except asyncio.TimeoutError:
            seen["error"] = f"no answer within {PATIENCE.total:g} s"
        except (aiohttp.ClientError, ValueError) as error:
            seen["error"] = str(error) or type(error).__name__
        return seen

    async def context(self, url: str) -> JsonObject:
        """What is at the `context_url` of a pass. Raises NoContextError if there is nothing."""
        if not url.startswith(("http://", "https://")):
            raise NoContextError("A context_url begins with http:// or https://.")
        try:
            status, answer = await self._ask(url)
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise NoContextError(
                f"Nobody answers there: {error or type(error).__name__}."
            ) from error
        if status != 200 or not isinstance(answer, dict):
            told = answer.get("error") if isinstance(answer, dict) else None
            raise NoContextError(f"HTTP status {status}: {told or 'it is no context'}")
        return answer

    async def _handover(self, base: str, user: str) -> JsonObject | None:
        headers = {"Authorization": f"Bearer {self._state.desk.operator_token}"}
        for sender_id in (user, f"{self._state.thread(user).account.id}:{user}"):
            status, answer = await self._ask(f"{base}/handovers/{sender_id}", headers)
            if status == 200 and isinstance(answer, dict):
                return answer
        return None

    async def _ask(self, url: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON; None for a body that is not JSON, or is too long."""
        self._http = self._http or aiohttp.ClientSession(timeout=PATIENCE)
        async with self._http.get(url, headers=headers, allow_redirects=False) as answer:
            body = await answer.content.read(LONGEST_ANSWER + 1)
            while len(body) <= LONGEST_ANSWER and (more := await answer.content.read(65_536)):
                body += more
            return answer.status, _json(body)

    @property
    def _bot(self) -> App:
        return self._state.connected_apps()[0]


def _base(webhook: str) -> str:
    return webhook.rpartition("/")[0]


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if len(body) <= LONGEST_ANSWER else None
    except msgspec.DecodeError:
        return None


def _problems_in(health: Any) -> list[Any]:
    problems = health.get("problems") if isinstance(health, dict) else None
    return problems if isinstance(problems, list) else []
