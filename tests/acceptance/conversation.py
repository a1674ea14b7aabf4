"""One user's conversation with the bot and the operators, on the running stack."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from async_timeout import timeout

from demo.platform import WAIT_LIMIT, EmulatedPlatform
from demo.stack import Stack
from demo.transcript import texts_of

CONNECTING = "connecting you"
FEEDBACK = "How was the chat with our team?"


class Conversation:
    """What the user does and hears; every `hears` waits until it is so."""

    def __init__(self, stack: Stack, user: str) -> None:
        self.stack = stack
        self.user = user

    @property
    def platform(self) -> EmulatedPlatform:
        return self.stack.platform

    async def says(self, text: str) -> None:
        await self.platform.user_says(self.user, text)

    async def taps(self, title: str) -> None:
        await self.platform.user_taps(self.user, title)

    async def operator_says(self, text: str) -> None:
        await self.platform.inbox_says(self.user, text)

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

    async def bot_said(self) -> list[str]:
        return self._said(await self.platform.thread(self.user))

    async def has_reached_the_bot(self, text: str) -> None:
        """Wait until the webhook has acknowledged what somebody said in the thread."""
        position = 0
        query = f"user={self.user}&app_id={self.platform.bot.id}&kind=webhook"
        async with timeout(WAIT_LIMIT.total_seconds()):
            while True:
                log = await self.platform.call("GET", f"log?after={position}&wait_ms=5000&{query}")
                if any(_acknowledged(entry, text) for entry in log["entries"]):
                    return
                position = max([position, *(entry["n"] for entry in log["entries"])])

    async def calls(self, edge: str) -> list[dict[str, Any]]:
        """The bot's Graph calls of that name for this user, in order."""
        path = f"calls?path={edge}&app_id={self.platform.bot.id}"
        answer = await self.platform.call("GET", path)
        return [call for call in answer if call["user"] == self.user]

    def _said(self, thread: dict[str, Any]) -> list[str]:
        return texts_of(thread, self.platform.bot.id)


def _acknowledged(entry: dict[str, Any], text: str) -> bool:
    said = entry["event"].get("message", {}).get("text")
    return bool(said == text and entry["status"] == 200)
