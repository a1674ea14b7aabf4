"""One user's conversation with the bot and the operators, on the running stack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from async_timeout import timeout

from demo.platform import WAIT_LIMIT, EmulatedPlatform
from demo.transcript import texts_of

CONNECTING = "connecting you"
FEEDBACK = "How was the chat with our team?"


class Running(Protocol):
    """An assistant that runs against the emulated platform."""

    platform: EmulatedPlatform


class Conversation:
    """What the user does and hears; every `hears` waits until it is so."""

    def __init__(self, assistant: Running, user: str) -> None:
        self.platform = assistant.platform
        self.user = user

    async def says(self, text: str, *, at: datetime | None = None) -> None:
        """The user writes; `at` is the time that Meta's event gives for it, if not now."""
        message: dict[str, Any] = {"text": text}
        if at is not None:
            message["timestamp_ms"] = int(at.timestamp() * 1000)
        await self.platform.call("POST", f"users/{self.user}/messages", message)

    async def taps(self, title: str) -> None:
        await self.platform.user_taps(self.user, title)

    async def operator_says(self, text: str) -> None:
        await self.platform.inbox_says(self.user, text)

    async def agent_calls(self, edge: str, **body: Any) -> None:
        """The agent's app makes a Graph call for this user."""
        await self.platform.agent_calls(edge, {"recipient": {"id": self.user}, **body})

    async def hears(self, *words: str, limit: timedelta = WAIT_LIMIT) -> list[str]:
        """Wait until the bot has said each of these; returns all that it has said."""
        thread = await self.platform.wait_until(
            self.user,
            lambda thread: all(
                any(word in said for said in texts_of(thread, self.platform.bot.id))
                for word in words
            ),
            f"the bot did not say {words}",
            limit=limit,
        )
        return texts_of(thread, self.platform.bot.id)

    async def hears_times(self, count: int, words: str, *, limit: timedelta = WAIT_LIMIT) -> None:
        await self.platform.wait_until(
            self.user,
            lambda thread: sum(words in said for said in self._said(thread)) >= count,
            f"the bot did not say '{words}' {count} times",
            limit=limit,
        )

    async def is_owned_by(self, app_id: str, *, limit: timedelta = WAIT_LIMIT) -> None:
        await self.platform.wait_until(
            self.user,
            lambda thread: thread["owner"] == app_id,
            f"{self.platform.name_of(app_id)} does not own the thread",
            limit=limit,
        )

    async def is_handed_over(self, words: str = "I want to talk to a human") -> None:
        """The user asks for a person, and the Page Inbox gets the thread."""
        await self.says(words)
        await self.hears(CONNECTING)
        await self.is_owned_by(self.platform.inbox_app_id)

    async def is_with_sales(self, *, asked_at: datetime | None = None) -> None:
        """The user asks for sales, and the agent's app gets the thread."""
        await self.says("I want to talk to sales", at=asked_at)
        await self.hears(CONNECTING)
        await self.is_owned_by(self.platform.agent.id)

    async def bot_said(self) -> list[str]:
        return self._said(await self.platform.thread(self.user))

    async def has_reached_the_bot(self, text: str) -> None:
        """Wait until the webhook has acknowledged what somebody said in the thread."""
        await self._until_logged("webhook", lambda entry: _acknowledged(entry, text), WAIT_LIMIT)

    async def has_called(self, edge: str, *, limit: timedelta = WAIT_LIMIT) -> None:
        """Wait until the bot has made a Graph call of that name for this user."""
        await self._until_logged("call", lambda entry: entry["path"].endswith(f"/{edge}"), limit)

    async def is_refused(self, edge: str) -> None:
        """Wait until Meta has refused a Graph call of that name for this user."""
        await self._until_logged(
            "call",
            lambda entry: entry["path"].endswith(f"/{edge}") and entry["status"] == 400,
            WAIT_LIMIT,
        )

    async def calls(self, edge: str) -> list[dict[str, Any]]:
        """The bot's Graph calls of that name for this user, in order."""
        path = f"calls?path={edge}&app_id={self.platform.bot.id}"
        answer = await self.platform.call("GET", path)
        return [call for call in answer if call["user"] == self.user]

    async def _until_logged(
        self, kind: str, wanted: Callable[[dict[str, Any]], bool], limit: timedelta
    ) -> None:
        """Wait until the emulator's log has such an entry of this user and the bot."""
        position = 0
        query = f"user={self.user}&app_id={self.platform.bot.id}&kind={kind}"
        async with timeout(limit.total_seconds()):
            while True:
                log = await self.platform.call("GET", f"log?after={position}&wait_ms=5000&{query}")
                if any(wanted(entry) for entry in log["entries"]):
                    return
                position = max([position, *(entry["n"] for entry in log["entries"])])

    def _said(self, thread: dict[str, Any]) -> list[str]:
        return texts_of(thread, self.platform.bot.id)


def _acknowledged(entry: dict[str, Any], text: str) -> bool:
    said = entry["event"].get("message", {}).get("text")
    return bool(said == text and entry["status"] == 200)
