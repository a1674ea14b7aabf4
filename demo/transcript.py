"""What happens in a thread, told line by line as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from .platform import EmulatedPlatform, NotSeen

_KINDS = "message,postback,owner"
_WIDTH = 14


class Transcript:
    """Follows one user's thread through the emulator's protocol log."""

    def __init__(self, platform: EmulatedPlatform, user: str, tell: Callable[[str], None]) -> None:
        self._platform = platform
        self._user = user
        self._tell = tell
        self._position = 0
        self._unmatched: list[tuple[str, str]] = []

    async def until_said(self, app_id: str, words: str, *, limit: timedelta) -> None:
        """Tell what happens until the app has said these words; each message counts only once."""
        deadline = asyncio.get_running_loop().time() + limit.total_seconds()
        while not self._take(app_id, words):
            left = timedelta(seconds=deadline - asyncio.get_running_loop().time())
            if left <= timedelta():
                raise NotSeen(f"nobody said '{words}'; what was said instead: {self._unmatched}")
            await self.catch_up(wait=min(left, timedelta(seconds=5)))

    async def catch_up(self, *, wait: timedelta = timedelta()) -> None:
        """Tell what has happened since the last look, waiting for it for at most `wait`."""
        query = f"after={self._position}&user={self._user}&kind={_KINDS}"
        milliseconds = int(wait / timedelta(milliseconds=1))
        log = await self._platform.call("GET", f"log?{query}&wait_ms={milliseconds}")
        for entry in log["entries"]:
            self._position = entry["n"]
            self._tell_entry(entry)

    def _take(self, app_id: str, words: str) -> bool:
        for number, (sender, said) in enumerate(self._unmatched):
            if sender == app_id and words in said:
                del self._unmatched[: number + 1]
                return True
        return False

    def _tell_entry(self, entry: dict[str, Any]) -> None:
        if entry["kind"] == "owner":
            previous, owner = self._name(entry["previous"]), self._name(entry["owner"])
            self._tell(f"   {'':{_WIDTH}}   ── thread: {previous} → {owner} ({entry['how']})")
            return
        self._tell(f"   {self._name(entry['from']):>{_WIDTH}} │ {_said(entry)}")
        self._unmatched.append((entry["from"], " ".join(_texts(entry))))

    def _name(self, sender: str | None) -> str:
        return self._platform.name_of(sender) if sender else "nobody"


def texts_of(thread: dict[str, Any], app_id: str) -> list[str]:
    """The texts that an app has sent to the thread, including those of buttons."""
    sent = [message for message in thread["messages"] if message["from"] == app_id]
    return [" ".join(_texts(message)) for message in sent]


def _said(entry: dict[str, Any]) -> str:
    postback = entry.get("postback")
    if postback:
        return f"[taps “{postback.get('title')}”]"
    buttons = "".join(f" [{title}]" for title in _titles(entry))
    return " ".join(_texts(entry)) + buttons


def _texts(message: dict[str, Any]) -> Iterator[str]:
    if message.get("text"):
        yield message["text"]
    for attachment in message.get("attachments") or []:
        text = (attachment.get("payload") or {}).get("text")
        if text:
            yield text


def _titles(message: dict[str, Any]) -> Iterator[str]:
    for attachment in message.get("attachments") or []:
        for button in (attachment.get("payload") or {}).get("buttons") or []:
            yield button["title"]
    for reply in message.get("quick_replies") or []:
        yield reply["title"]
