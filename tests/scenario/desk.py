"""Whom operators' notices go to: takes them, or does not."""

from __future__ import annotations

import asyncio
from datetime import datetime

from channels.core.notices import Notice
from channels.notify.targets import NotTaken


class Desk:
    """A target of notices. `got` has those that it has taken, with repetitions."""

    def __init__(self) -> None:
        self.got: list[Notice] = []
        self.tries: list[tuple[datetime, Notice]] = []
        self.is_away = False
        self.refuses: set[str] = set()  # kinds
        self.loses_answers = False
        self.hangs: asyncio.Event | None = None
        self.is_closed = False

    async def tell(self, notice: Notice, now: datetime) -> None:
        self.tries.append((now, notice))
        if self.hangs is not None:
            await self.hangs.wait()
        if self.is_away:
            raise NotTaken("status 503", is_away=True)
        if notice.kind.value in self.refuses:
            raise NotTaken("status 400", is_away=False)
        self.got.append(notice)
        if self.loses_answers:
            raise NotTaken("TimeoutError", is_away=True)

    async def close(self) -> None:
        self.is_closed = True

    def kinds(self) -> list[str]:
        return [notice.kind.value for notice in self.got]
