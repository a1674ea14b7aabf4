"""The inbox of the store in SQL: events that were recorded, and what was set aside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from ..core.events import Event, Thread
from ..core.records.amendments import Amendment
from ..core.records.dead import Dead, DeadId
from .claims import claims
from .inbox import amendments, dead, inbox
from .protocol import (
    CLAIM_LEASE,
    Backlog,
    InboxEntry,
)
from .sql_part import SqlPart


class InboxInSql(SqlPart):
    """`Store` says what its methods do."""

    def __init__(self, worker: str) -> None:
        super().__init__(worker)
        self._record = partial(inbox.record, worker=worker)

    async def record(
        self, events: Sequence[Event], now: datetime, *, claim: bool = True
    ) -> list[InboxEntry]:
        if not events:
            return []
        entries = await self._writer.run_together(self._record, (events, now, claim), urgent=True)
        # Not before the caller gets them: if it is cancelled, the claims must not be renewed.
        until = now + CLAIM_LEASE
        self._own_claims.positions.update((entry.position, until) for entry in entries)
        return entries

    async def claim_inbox(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[InboxEntry]:
        claim = partial(
            claims.claim,
            now=now,
            limit=limit,
            worker=self._worker,
            held=frozenset(self._own_claims.positions),
            without_threads=without_threads,
            without_pages=without_pages,
            allowance=self._outages.allowance(),
        )
        with self._outages.noticed():
            claimed = await self._writer.run(claim)
        # What is recorded meanwhile may have expired too, if the process stood still.
        entries = [entry for entry in claimed if entry.position not in self._own_claims.positions]
        until = now + CLAIM_LEASE
        self._own_claims.positions.update((entry.position, until) for entry in entries)
        return entries

    async def recorded(self, position: int) -> Event | None:
        return await self._writer.run_together(inbox.recorded, position)

    async def amend(self, amendment: Amendment, now: datetime) -> None:
        await self._writer.run(partial(amendments.amend, amendment=amendment, now=now))

    async def backlog(self) -> Backlog:
        return await self._writer.run(inbox.backlog)

    async def done(self, position: int, now: datetime) -> None:
        await self._writer.run_together(claims.done, (position, now))
        self._own_claims.positions.pop(position, None)

    async def failed(
        self, position: int, now: datetime, *, error: str = "", for_good: bool = False
    ) -> bool:
        fail = partial(
            claims.failed,
            position=position,
            now=now,
            error=error,
            for_good=for_good,
            worker=self._worker,
        )
        is_dead = await self._writer.run(fail)
        if is_dead:
            self._own_claims.positions.pop(position, None)
        return is_dead

    async def last_user_texts(self, thread: Thread, *, limit: int) -> list[str]:
        texts = partial(inbox.last_user_texts, thread=thread, limit=limit)
        return await self._writer.run(texts)

    async def last_user_at(self, thread: Thread) -> datetime | None:
        return await self._writer.run(partial(inbox.last_user_at, thread=thread))

    async def attempt(self, id_: DeadId, times: int = 1) -> int:
        return await self._writer.run(partial(dead.attempt, id_=id_, times=times))

    async def dead(self, *, limit: int) -> list[Dead]:
        return await self._writer.run(partial(dead.listed, limit=limit))

    async def retry_dead(self, ids: Collection[DeadId] | None = None) -> int:
        return await self._writer.run(partial(dead.retry, ids=ids))
