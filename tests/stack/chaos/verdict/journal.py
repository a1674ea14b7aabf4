"""The emulator's protocol log as it grows: who wakes whom, and the record for the judge."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from demo.platform import EmulatedPlatform
from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.verdict.evidence import Delivered, Owned, Said

KINDS = "message,postback,owner,webhook,call"
POLL_PAUSE = timedelta(milliseconds=50)  # between two reads, so that each brings a handful
LONG_POLL = timedelta(seconds=5)
LATE = timedelta(seconds=9)  # an answer that comes later than this finds nobody waiting


class Journal:
    """What has happened so far; `follow` keeps it up to date."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.delivered: dict[str, Delivered] = {}
        self.owned: list[Owned] = []
        self.unanswered: set[str] = set()
        self._owners: dict[str, str | None] = {}
        self._sends: dict[str, datetime] = {}
        self._news: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def follow(self, platform: EmulatedPlatform) -> None:
        """Read the log until cancelled."""
        position = 0
        wait_ms = round(LONG_POLL / timedelta(milliseconds=1))
        while True:
            query = f"log?after={position}&wait_ms={wait_ms}&kind={KINDS}"
            news = await platform.call("GET", query)
            position = news["last"]
            for entry in news["entries"]:
                self.add(entry)
            await asyncio.sleep(POLL_PAUSE.total_seconds())

    def add(self, entry: dict[str, Any]) -> None:
        """Take one entry of the log."""
        take = {
            "message": self._take_message,
            "postback": self._take_message,
            "owner": self._take_owner,
            "webhook": self._take_webhook,
            "call": self._take_call,
        }[entry["kind"]]
        take(entry)

    def owner(self, user: str) -> str | None:
        """Who has the thread now."""
        return self._owners.get(user)

    async def until(self, user: str, seen: Callable[[], bool], limit: timedelta) -> bool:
        """Whether `seen` came to hold in the user's thread within the limit."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._until(user, seen), limit.total_seconds())
        return seen()

    async def _until(self, user: str, seen: Callable[[], bool]) -> None:
        while not seen():
            self._news[user].clear()
            await self._news[user].wait()

    def _take_message(self, entry: dict[str, Any]) -> None:
        said = Said(
            user=entry["user"],
            mid=entry["mid"],
            at=datetime.fromisoformat(entry["at"]),
            sender=entry["from"],
            text=_text_of(entry),
            mark=entry.get("metadata"),
        )
        self.said.append(said)
        if said.mark is not None:
            self._sends[said.mark] = said.at

    def _take_owner(self, entry: dict[str, Any]) -> None:
        user, owner = entry["user"], entry["owner"]
        self.owned.append(
            Owned(user=user, at=datetime.fromisoformat(entry["at"]), owner=owner),
        )
        self._owners[user] = owner
        self._news[user].set()

    def _take_webhook(self, entry: dict[str, Any]) -> None:
        if entry["app_id"] != BOT or entry["outcome"] != "delivered":
            return
        event = entry["event"]
        said = event.get("message") or event.get("postback") or {}
        if "mid" in said and not said.get("is_echo"):
            delivered = Delivered(mid=said["mid"], array=entry["array"])
            self.delivered.setdefault(delivered.mid, delivered)

    def _take_call(self, entry: dict[str, Any]) -> None:
        mark = (entry["params"].get("message") or {}).get("metadata")
        if entry["app_id"] != BOT or mark not in self._sends:
            return
        took = datetime.fromisoformat(entry["at"]) - self._sends[mark]
        if entry["status"] != 200 or took > LATE:
            self.unanswered.add(mark)


def _text_of(entry: dict[str, Any]) -> str:
    """The text of a message, or what stands in its place: a template's, a tapped title."""
    if entry["kind"] == "postback":
        return str(entry["postback"].get("title", ""))
    if "text" in entry:
        return str(entry["text"])
    attachments = entry.get("attachments") or [{}]
    return str(attachments[0].get("payload", {}).get("text", ""))
