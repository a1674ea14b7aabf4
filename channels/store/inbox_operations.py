"""The store's operations on recorded events; the SQL is in `inbox/` and `claims/`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from ..core.events import Event, Thread
from ..core.records.inbox import InboxEntry
from .claims import claims
from .database.writer import asking, asking_together
from .inbox import amendments, dead, inbox
from .operations import Operations
from .protocol import CLAIM_LEASE


class InboxOperations(Operations):
    """See `Store` for what the methods do."""

    def __init__(self, worker: str) -> None:
        super().__init__(worker)
        self._record = partial(inbox.record, worker=worker)

    async def record(
        self, events: Sequence[Event], now: datetime, *, claim: bool = True
    ) -> list[InboxEntry]:
        if not events:
            return []
        entries = await self._inbox_writer.run_together(
            self._record, (events, now, claim), urgent=True
        )
        # Noted only once the caller gets them: if it is cancelled, they must not be renewed.
        until = now + CLAIM_LEASE
        for entry in entries:
            self._own_claims.positions[entry.position] = until
        return entries

    async def claim_inbox(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[InboxEntry]:
        with self._outages.noticed() as allowance:
            claim = partial(
                claims.claim,
                now=now,
                limit=limit,
                worker=self.worker,
                held=frozenset(self._own_claims.positions),
                without_threads=without_threads,
                without_pages=without_pages,
                allowance=allowance,
            )
            claimed = await self._inbox_writer.run(claim)
        # If the process stood still, what was recorded in the meantime may have expired, too.
        entries = [entry for entry in claimed if entry.position not in self._own_claims.positions]
        until = now + CLAIM_LEASE
        self._own_claims.positions.update((entry.position, until) for entry in entries)
        return entries

    recorded = asking_together(inbox.recorded)

    amend = asking(amendments.amend)

    backlog = asking(inbox.backlog)

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
            worker=self.worker,
        )
        is_dead = await self._writer.run(fail)
        if is_dead:
            self._own_claims.positions.pop(position, None)
        return is_dead

    last_user_texts = asking(inbox.last_user_texts)

    last_user_at = asking(inbox.last_user_at)

    attempt = asking(dead.attempt)

    retry_dead = asking(dead.retry)

    dead = asking(dead.listed)
