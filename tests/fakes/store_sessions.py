"""Sessions, and what was said in them, in the store in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from channels.core.briefing.transcript import Line
from channels.core.events import Thread
from channels.core.notices import Addressed
from channels.core.records.kept import Scope, Waits
from channels.core.sessions.search import Found, Need, Search
from channels.core.sessions.session import Session, State
from channels.store.protocol import CLAIM_LEASE
from channels.store.sessions.waits import ANSWERS_COUNTED, ANSWERS_SINCE, OPERATOR_SINCE
from tests.fakes.store_notices import NoticesInMemory
from tests.fakes.store_outgoing import OutgoingInMemory
from tests.fakes.store_rows import (
    FIRST_MOMENT,
    Kept,
    Said,
    is_over,
)


class SessionsInMemory(OutgoingInMemory, NoticesInMemory):
    """`Store` says what its methods do."""

    async def grip(self, session: Session, now: datetime, *, begun: Session | None = None) -> bool:
        kept = self._rows.sessions.get(session.id)
        if kept is None or kept.session.version != session.version:
            return False
        if (
            not is_over(kept.claimed_until, now, await self.time())
            and kept.claimed_by != self.worker
        ):
            return False
        kept.session = begun or session
        kept.claimed_by, kept.claimed_until = self.worker, now + CLAIM_LEASE
        return True

    async def add_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        if session.id in self._rows.sessions or await self.open_session(session.thread):
            return False
        self._keep(session, claim_until)
        self._drop_unsent(session)
        self._tell(notices)
        return True

    async def save_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        stored = await self.session(session.id)
        if stored is None or stored.version != session.version - 1:
            return False
        self._keep(session, claim_until)
        self._tell(notices)
        return True

    async def follow_session(
        self,
        ended: Session,
        following: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        is_saved = await self.save_session(ended, notices=notices)
        return is_saved and await self.add_session(following, claim_until=claim_until)

    async def session(self, session_id: str) -> Session | None:
        kept = self._rows.sessions.get(session_id)
        return None if kept is None else kept.session

    async def open_session(self, thread: Thread) -> Session | None:
        return self._rows.open_session(thread)

    async def recent_sessions(self, thread: Thread, *, limit: int) -> list[Session]:
        kept = (one.session for one in self._rows.sessions.values())
        of_thread = [session for session in kept if session.thread == thread]
        of_thread.sort(key=lambda session: session.opened_at, reverse=True)
        return of_thread[:limit]

    async def open_sessions(self, *, limit: int) -> list[Session]:
        oldest_first = sorted(
            self._rows.open_sessions(), key=lambda session: (session.opened_at, session.id)
        )
        return oldest_first[:limit]

    async def find_open(self, wanted: Search, *, skip: int, limit: int) -> Found:
        open_ones = self._rows.open_sessions()
        needs = {
            one.id: _need_of(one.state, is_answered=one.answered_at is not None)
            for one in open_ones
        }
        unanswered = [one for one in open_ones if needs[one.id] < Need.NOTHING]
        found = [
            one
            for one in (unanswered if wanted.is_unanswered else open_ones)
            if wanted.plan in ("", one.plan.name)
            and wanted.page in ("", one.thread.page)
            and (
                wanted.words in one.thread.user
                or wanted.words in one.plan.name.lower()
                or one.thread in wanted.threads
                or (one.owner_app or one.target_app_id) in wanted.apps
            )
        ]
        found.sort(key=lambda one: (wanted.by_need and needs[one.id], one.opened_at, one.id))
        return Found(
            sessions=found[skip : skip + limit],
            found=len(found),
            total=len(open_ones),
            unanswered=len(unanswered),
            plans=sorted({one.plan.name for one in open_ones}),
            pages=sorted({one.thread.page for one in open_ones}),
        )

    async def waits(self, scope: Scope, now: datetime) -> Waits:
        sessions = [kept.session for kept in self._rows.sessions.values()]
        own = [
            session
            for session in sessions
            if session.plan.name == scope.plan
            and (not scope.pages or session.thread.page in scope.pages)
            and session.thread.page not in scope.without_pages
        ]
        waiting = [one for one in own if one.is_open and one.answered_at is None]
        answered = [
            (one.answered_at, one.answered_at - one.opened_at)
            for one in own
            if one.answered_at not in (None, one.opened_at)
            and one.answered_at > now - ANSWERS_SINCE
        ]
        heard = [
            one.last_operator_at
            for one in sessions
            if one.last_operator_at is not None
            and one.last_operator_at > now - OPERATOR_SINCE
            and (one.owner_app or one.target_app_id) in scope.apps
        ]
        newest = [wait for _, wait in sorted(answered, reverse=True)]
        return Waits(
            waiting=sum(one.state is not State.ENDING for one in waiting),
            for_hours=sum(one.is_waiting for one in waiting),
            first_answers=newest[:ANSWERS_COUNTED],
            operator_at=max(heard, default=None),
        )

    async def count_open(self) -> int:
        return len(self._rows.open_sessions())

    async def claim_due(
        self, now: datetime, *, limit: int, without_pages: Collection[str] = ()
    ) -> list[Session]:
        due = [
            (wake_at, kept)
            for kept in self._rows.sessions.values()
            if (wake_at := kept.wake_at) is not None
            and wake_at <= now
            and kept.session.thread.page not in without_pages
            and not self._rows.is_with_another(kept.session.thread, self.worker)
        ]
        claimed = [kept for _, kept in sorted(due, key=lambda pair: pair[0])[:limit]]
        for kept in claimed:
            kept.claimed_by, kept.claimed_until = self.worker, now + CLAIM_LEASE
        return [kept.session for kept in claimed]

    async def ended_sessions(self, *, since: datetime, limit: int) -> list[Session]:
        ended = [
            (kept.session.ended_at, kept.session.id, kept.session)
            for kept in self._rows.sessions.values()
            if not kept.session.is_open and kept.session.ended_at is not None
        ]
        last_first = sorted(ended, key=lambda row: row[:2], reverse=True)
        return [session for ended_at, _, session in last_first if ended_at >= since][:limit]

    async def last_ended(self, thread: Thread) -> Session | None:
        since = FIRST_MOMENT
        ended = await self.ended_sessions(since=since, limit=len(self._rows.sessions))
        return next((session for session in ended if session.thread == thread), None)

    async def add_line(self, session: Session, line: Line) -> None:
        said = Said(session_id=session.id, line=line)
        self._rows.lines.setdefault((session.thread, line.key), said)

    async def transcript(self, session_id: str, *, limit: int) -> list[Line]:
        of_session = [
            said.line for said in self._rows.lines.values() if said.session_id == session_id
        ]
        return sorted(of_session, key=lambda line: line.at)[-limit:]

    def _keep(self, session: Session, claim_until: datetime | None) -> None:
        self._rows.sessions[session.id] = Kept(
            session=session,
            claimed_by=self.worker,
            claimed_until=claim_until or FIRST_MOMENT,
        )


def _need_of(state: State, *, is_answered: bool) -> Need:
    """What the user of an open session waits for."""
    if state is State.ENDING:
        return Need.END
    if is_answered:
        return Need.NOTHING
    return Need.OPENING_HOURS if state is State.WAITING else Need.ANSWER
