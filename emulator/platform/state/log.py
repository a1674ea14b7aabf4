from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from ...rules.errors import JsonObject
from .clock import EmulatorClock


class ProtocolLog:
    """Everything that happened, in order and numbered from 1: messages, calls, webhooks, owners.

    Entries are JSON objects with `n`, `at` (the emulator's time) and `kind`. They contain what
    people wrote, so only the control API shows them, and nothing prints them.
    """

    def __init__(self, clock: EmulatorClock) -> None:
        self._clock = clock
        self._entries: list[JsonObject] = []
        self._changed = asyncio.Event()

    def add(self, kind: str, **fields: Any) -> JsonObject:
        """Append an entry and wake those who wait for one."""
        at = self._clock.now().isoformat()
        entry = {"n": len(self._entries) + 1, "at": at, "kind": kind, **fields}
        self._entries.append(entry)
        self._wake()
        return entry

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 before the first."""
        return len(self._entries)

    def clear(self) -> None:
        """Begin again at 1."""
        self._entries.clear()
        self._wake()

    def after(
        self, n: int, *, kinds: Collection[str] = (), user: str = "", app_id: str = ""
    ) -> list[JsonObject]:
        """Entries later than number `n`; an empty filter lets all through."""
        wanted = {"user": user, "app_id": app_id}
        return [
            entry
            for entry in self._entries[n:]
            if (not kinds or entry["kind"] in kinds)
            and all(entry.get(key) == value for key, value in wanted.items() if value)
        ]

    async def wait_after(
        self,
        n: int,
        *,
        at_most: timedelta,
        kinds: Collection[str] = (),
        user: str = "",
        app_id: str = "",
    ) -> list[JsonObject]:
        """Like `after`, but if there is no entry, wait for one, in real time, for at most
        `at_most`.

        A caller that is ahead of the log does not wait: the log has started over, and the caller
        should learn that at once.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + at_most.total_seconds()
        while True:
            changed = self._changed
            entries = self.after(n, kinds=kinds, user=user, app_id=app_id)
            remaining = deadline - loop.time()
            if entries or remaining <= 0 or n > self.last:
                return entries
            try:
                await asyncio.wait_for(changed.wait(), remaining)
            except asyncio.TimeoutError:
                return []

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
