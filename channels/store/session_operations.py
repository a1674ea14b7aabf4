"""The store's operations on sessions and what was said in them; the SQL is in `sessions/`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from ..core.briefing.transcript import Line
from ..core.notices import Addressed
from ..core.sessions.session import Session
from .database.writer import asking, asking_together
from .operations import Operations
from .protocol import (
    CLAIM_LEASE,
)
from .sessions import claiming, search, sessions, transcript, waits

_READ_AT_ONCE = 200  # rows in one transaction: events never wait long for it


class SessionOperations(Operations):
    """See `Store` for what the methods do."""

    correct_dates = asking(claiming.correct_dates)

    async def grip(self, session: Session, now: datetime, *, begun: Session | None = None) -> bool:
        ours = self._own_claims.sessions.get(session.id)
        grip = partial(claiming.grip, session=session, now=now, ours=ours, begun=begun or session)
        is_ours = await self._writer.run(grip)
        if is_ours:
            self._own_claims.sessions[session.id] = now + CLAIM_LEASE
        return is_ours

    async def add_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        add = partial(sessions.add, session=session, claim_until=claim_until, told=notices)
        return self._claimed(session, claim_until, is_stored=await self._writer.run(add))

    async def save_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        saved = await self._writer.run_together(sessions.save, (session, claim_until, notices))
        return self._claimed(session, claim_until, is_stored=saved)

    async def follow_session(
        self,
        ended: Session,
        following: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        follow = partial(
            sessions.follow,
            ended=ended,
            following=following,
            claim_until=claim_until,
            told=notices,
        )
        return self._claimed(following, claim_until, is_stored=await self._writer.run(follow))

    session = asking(sessions.by_id)

    open_session = asking_together(sessions.open_of_threads)

    recent_sessions = asking(sessions.recent)

    open_sessions = asking(sessions.open_ones)

    find_open = asking(search.find)

    count_open = asking(sessions.count_open)

    async def claim_due(
        self, now: datetime, *, limit: int, without_pages: Collection[str] = ()
    ) -> list[Session]:
        with self._outages.noticed() as allowance:
            claim = partial(
                claiming.claim_due,
                now=now,
                limit=limit,
                worker=self.worker,
                without_pages=without_pages,
                allowance=allowance,
            )
            due = await self._writer.run(claim)
        # Claims that have expired may be other workers' by now.
        claims = self._own_claims.sessions.items()
        still_ours = {id_: until for id_, until in claims if until > now}
        claimed = {session.id: now + CLAIM_LEASE for session in due}
        self._own_claims.sessions = {**still_ours, **claimed}
        return due

    waits = asking(waits.waits)

    async def ended_sessions(self, *, since: datetime, limit: int) -> list[Session]:
        found: list[Session] = []
        while room := min(_READ_AT_ONCE, limit - len(found)):
            read = partial(sessions.ended_ones, since=since, before=found[-1:], limit=room)
            some = await self._writer.run(read)
            found += some
            if len(some) < room:
                break
        return found

    last_ended = asking(sessions.last_ended)

    async def add_line(self, session: Session, line: Line) -> None:
        await self._writer.run_together(transcript.add, (session, line))

    transcript = asking(transcript.newest)

    def _claimed(self, session: Session, claim_until: datetime | None, *, is_stored: bool) -> bool:
        """Note whether this worker has a claim on the session, if that was stored; returns that."""
        if is_stored and claim_until is not None:
            self._own_claims.sessions[session.id] = claim_until
        elif is_stored:
            self._own_claims.sessions.pop(session.id, None)
        return is_stored
