"""The store in memory, for tests: it says what a Store means in the fewest words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from .events import Event, PageRoles, Thread
from .sessions import Session
from .store import (
    CLAIM_LEASE,
    DEAD_AFTER_FAILURES,
    RECENT_EVENTS,
    InboxEntry,
    user_at,
    user_text,
)
from .transcript import Line

_FIRST_MOMENT = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(kw_only=True, slots=True)
class _Entry:
    """A row of the inbox; it waits as long as `handled_at` is None."""

    position: int
    event: Event
    claimed_by: str
    claimed_until: datetime
    failures: int = 0
    handled_at: datetime | None = None

    @property
    def is_dead(self) -> bool:
        return self.failures >= DEAD_AFTER_FAILURES


@dataclass(kw_only=True, slots=True)
class _Kept:
    session: Session
    claimed_until: datetime

    @property
    def wake_at(self) -> datetime | None:
        """When a worker may get the session: due, and claimed by nobody."""
        due_at = self.session.due_at
        return None if due_at is None else max(due_at, self.claimed_until)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    session_id: str
    line: Line


@dataclass(slots=True)
class _Database:
    entries: dict[str, _Entry] = field(default_factory=dict)  # by key, in the order of position
    last_position: int = 0
    sessions: dict[str, _Kept] = field(default_factory=dict)
    lines: dict[tuple[Thread, str], _Said] = field(default_factory=dict)  # by thread and key
    roles: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)  # by page and app


class MemoryStore:
    """The Store of one worker. Give `shared` another worker's to work on the same data."""

    def __init__(self, *, worker: str, shared: MemoryStore | None = None) -> None:
        self._worker = worker
        self._database: _Database = _Database() if shared is None else shared._database
        self._in_hand: set[int] = set()

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def record(self, events: Sequence[Event], now: datetime) -> list[InboxEntry]:
        new = []
        for event in events:
            if event.key not in self._database.entries:
                self._database.last_position += 1
                entry = _Entry(
                    position=self._database.last_position,
                    event=event,
                    claimed_by=self._worker,
                    claimed_until=now + CLAIM_LEASE,
                )
                self._database.entries[event.key] = entry
                new.append(entry)
        return self._take_in_hand(new)

    async def claim_inbox(self, now: datetime, *, limit: int) -> list[InboxEntry]:
        claimable = [entry for entry in self._waiting() if self._is_claimable(entry, now)][:limit]
        for entry in claimable:
            entry.claimed_by = self._worker
            entry.claimed_until = now + CLAIM_LEASE
        return self._take_in_hand(
            [entry for entry in claimable if entry.position not in self._in_hand]
        )

    async def renew_claims(self, now: datetime) -> None:
        for entry in self._waiting():
            if entry.position in self._in_hand and entry.claimed_by == self._worker:
                entry.claimed_until = now + CLAIM_LEASE

    async def done(self, position: int, now: datetime) -> None:
        entry = self._entry(position)
        if entry is not None and entry.handled_at is None:
            entry.handled_at = now
        self._in_hand.discard(position)

    async def failed(self, position: int, now: datetime) -> bool:
        entry = self._entry(position)
        if entry is None:
            return False
        if entry.handled_at is None:
            entry.failures += 1
        if not entry.is_dead:
            return False
        entry.handled_at = entry.handled_at or now
        self._in_hand.discard(position)
        return True

    async def add_session(self, session: Session, *, claim_until: datetime | None = None) -> bool:
        if session.id in self._database.sessions or await self.open_session(session.thread):
            return False
        self._keep(session, claim_until)
        return True

    async def save_session(self, session: Session, *, claim_until: datetime | None = None) -> bool:
        stored = await self.session(session.id)
        if stored is None or stored.version != session.version - 1:
            return False
        self._keep(session, claim_until)
        return True

    async def session(self, session_id: str) -> Session | None:
        kept = self._database.sessions.get(session_id)
        return None if kept is None else kept.session

    async def open_session(self, thread: Thread) -> Session | None:
        of_thread = (session for session in self._open() if session.thread == thread)
        return next(of_thread, None)

    async def open_sessions(self, *, limit: int) -> list[Session]:
        oldest_first = sorted(self._open(), key=lambda session: (session.opened_at, session.id))
        return oldest_first[:limit]

    async def count_open(self) -> int:
        return len(self._open())

    async def claim_due(self, now: datetime, *, limit: int) -> list[Session]:
        due = [
            (wake_at, kept)
            for kept in self._database.sessions.values()
            if (wake_at := kept.wake_at) is not None and wake_at <= now
        ]
        claimed = [kept for _, kept in sorted(due, key=lambda pair: pair[0])[:limit]]
        for kept in claimed:
            kept.claimed_until = now + CLAIM_LEASE
        return [kept.session for kept in claimed]

    async def next_due(self) -> datetime | None:
        wake_times = (kept.wake_at for kept in self._database.sessions.values())
        return min((wake_at for wake_at in wake_times if wake_at is not None), default=None)

    async def last_user_texts(self, thread: Thread, *, limit: int) -> list[str]:
        events = [entry.event for entry in self._database.entries.values()]
        texts = [user_text(event) for event in events if event.thread == thread]
        return [text for text in texts if text is not None][-limit:]

    async def last_user_at(self, thread: Thread) -> datetime | None:
        events = [entry.event for entry in self._database.entries.values()]
        of_thread = [event for event in events if event.thread == thread]
        return user_at(of_thread[-RECENT_EVENTS:])

    async def add_line(self, session: Session, line: Line) -> None:
        said = _Said(session_id=session.id, line=line)
        self._database.lines.setdefault((session.thread, line.key), said)

    async def transcript(self, session_id: str, *, limit: int) -> list[Line]:
        of_session = [
            said.line for said in self._database.lines.values() if said.session_id == session_id
        ]
        return sorted(of_session, key=lambda line: line.at)[-limit:]

    async def keep_roles(self, roles: PageRoles) -> None:
        self._database.roles[roles.page] = await self.roles(roles.page) | roles.roles

    async def roles(self, page: str) -> dict[str, tuple[str, ...]]:
        return self._database.roles.get(page, {})

    async def prune(
        self,
        now: datetime,
        *,
        inbox_retention: timedelta,
        session_retention: timedelta,
        transcript_retention: timedelta,
    ) -> None:
        for key, entry in list(self._database.entries.items()):
            retention = session_retention if entry.is_dead else inbox_retention
            if entry.handled_at is not None and entry.handled_at < now - retention:
                del self._database.entries[key]
        for session_id, kept in list(self._database.sessions.items()):
            ended_at = None if kept.session.is_open else kept.session.ended_at
            if ended_at is not None and ended_at < now - session_retention:
                del self._database.sessions[session_id]
        for known, said in list(self._database.lines.items()):
            is_old = said.line.at < now - transcript_retention
            if is_old or said.session_id not in self._database.sessions:
                del self._database.lines[known]

    def _take_in_hand(self, entries: list[_Entry]) -> list[InboxEntry]:
        self._in_hand.update(entry.position for entry in entries)
        return [
            InboxEntry(position=entry.position, event=entry.event, failures=entry.failures)
            for entry in entries
        ]

    def _waiting(self) -> list[_Entry]:
        return [entry for entry in self._database.entries.values() if entry.handled_at is None]

    def _is_claimable(self, entry: _Entry, now: datetime) -> bool:
        return entry.claimed_until <= now and not any(
            earlier.position < entry.position
            and earlier.event.thread == entry.event.thread
            and earlier.claimed_until > now
            and earlier.claimed_by != self._worker
            for earlier in self._waiting()
        )

    def _entry(self, position: int) -> _Entry | None:
        entries = self._database.entries.values()
        return next((entry for entry in entries if entry.position == position), None)

    def _keep(self, session: Session, claim_until: datetime | None) -> None:
        self._database.sessions[session.id] = _Kept(
            session=session, claimed_until=claim_until or _FIRST_MOMENT
        )

    def _open(self) -> list[Session]:
        kept = self._database.sessions.values()
        return [each.session for each in kept if each.session.is_open]
