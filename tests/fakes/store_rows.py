"""What the store in memory keeps, as rows that several workers share."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import msgspec
from msgspec import field

from channels.core.briefing.transcript import Line
from channels.core.events import Event, SignOfLife, Thread
from channels.core.records.dead import Dead, DeadId, Part
from channels.core.sessions.session import Session
from channels.store.protocol import CLAIM_LEASE, DEAD_AFTER_FAILURES

if TYPE_CHECKING:
    from tests.fakes.store_notices import Untold
    from tests.fakes.store_outgoing import Message

FIRST_MOMENT = datetime.min.replace(tzinfo=timezone.utc)
GIVEN_BACK = "-"  # as the claimer: claimed by nobody, but somebody may have begun
REVIVED = "+"  # as the claimer: claimed by nobody, because it was set aside
NOT_LOST = (None, GIVEN_BACK, REVIVED)


def is_over(claimed_until: datetime, now: datetime, told: datetime | None) -> bool:
    """Whether a claim has expired, or was made by a clock that was ahead of the worker's time, and
    of the database's own, if that is known.
    """
    longest = CLAIM_LEASE + timedelta(seconds=10)
    return claimed_until <= now or claimed_until > max(now, told or now) + longest


class Entry(msgspec.Struct, kw_only=True):
    """A row of the inbox; it waits as long as `handled_at` is None."""

    position: int
    event: Event
    recorded_at: datetime
    claimed_by: str | None
    claimed_until: datetime
    failures: int = 0
    is_repeated: bool = False
    was_lost: bool = False
    handled_at: datetime | None = None
    is_dead: bool = False
    attempts: int = 0
    error: str = ""

    def fail(self, now: datetime, error: str, *, for_good: bool) -> None:
        """Count a failure; the entry may be dead by now."""
        self.failures += 1
        self.error, self.attempts = error, 0
        self.is_dead = for_good or self.failures >= DEAD_AFTER_FAILURES
        self.handled_at = now if self.is_dead else None

    def revive(self) -> None:
        self.is_dead, self.handled_at, self.failures, self.attempts = False, None, 0, 0
        self.claimed_by, self.claimed_until = REVIVED, FIRST_MOMENT

    def dead(self) -> Dead:
        assert self.handled_at is not None
        return Dead(
            id=DeadId(part=Part.EVENT, position=self.position),
            thread=self.event.thread,
            kind=str(self.event.__struct_config__.tag),
            since=self.recorded_at,
            died_at=self.handled_at,
            error=self.error or "unknown",
        )


class Kept(msgspec.Struct, kw_only=True):
    """A session, and who has claimed it."""

    session: Session
    claimed_by: str
    claimed_until: datetime
    is_due_at_once: bool = False

    @property
    def wake_at(self) -> datetime | None:
        """When a worker may get the session: once it is due, and claimed by nobody."""
        due_at = FIRST_MOMENT if self.is_due_at_once else self.session.due_at
        return None if due_at is None else max(due_at, self.claimed_until)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a session's transcript."""

    session_id: str
    line: Line


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """A thread's turn, which belongs to a worker until then at most."""

    worker: str
    until: datetime


class Rows(msgspec.Struct):
    """All rows; `entries` are by key, in the order of their positions."""

    entries: dict[str, Entry] = field(default_factory=dict)
    last_position: int = 0
    sessions: dict[str, Kept] = field(default_factory=dict)
    lines: dict[tuple[Thread, str], Said] = field(default_factory=dict)  # by thread and key
    workers: dict[str, datetime] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)  # by position: to be sent, or held
    handled_messages: dict[int, Message] = field(default_factory=dict)  # sent, or dropped
    last_message: int = 0
    turns: dict[Thread, Reserved] = field(default_factory=dict)
    notices: dict[int, Untold] = field(default_factory=dict)  # by position
    last_notice: int = 0

    def waiting(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.handled_at is None]

    def is_behind_a_lost_one(self, entry: Entry, worker: str) -> bool:
        """Whether an earlier entry of the thread is, or was, in another worker's hand."""
        return any(
            earlier.position < entry.position
            and earlier.event.thread == entry.event.thread
            and (earlier.claimed_until > FIRST_MOMENT or earlier.claimed_by == GIVEN_BACK)
            and earlier.claimed_by != worker
            for earlier in self.waiting()
        )

    def waits_elsewhere(self, thread: Thread, worker: str) -> bool:
        """Whether the thread has entries that wait, and that are not the worker's."""
        return any(
            entry.event.thread == thread and entry.claimed_by != worker for entry in self.waiting()
        )

    def is_with_another(self, thread: Thread, worker: str) -> bool:
        """Whether entries of the thread are waiting, none of which the worker has."""
        claimants = {entry.claimed_by for entry in self.waiting() if entry.event.thread == thread}
        return bool(claimants) and worker not in claimants

    def entry(self, position: int) -> Entry | None:
        of_position = (entry for entry in self.entries.values() if entry.position == position)
        return next(of_position, None)

    def open_session(self, thread: Thread) -> Session | None:
        return next((one for one in self.open_sessions() if one.thread == thread), None)

    def open_sessions(self) -> list[Session]:
        return [kept.session for kept in self.sessions.values() if kept.session.is_open]

    def forget(self, thread: Thread) -> int | None:
        """Drop every row of the thread; returns how many, or None if something is left to do."""
        if any(session.thread == thread for session in self.open_sessions()):
            return None
        if any(entry.event.thread == thread for entry in self.waiting()):
            return None
        entries = [key for key, entry in self.entries.items() if entry.event.thread == thread]
        sessions = [key for key, kept in self.sessions.items() if kept.session.thread == thread]
        lines = [key for key in self.lines if key[0] == thread]
        messages = [key for key, each in self.messages.items() if each.said.thread == thread]
        for key in entries:
            del self.entries[key]
        for key in sessions:
            del self.sessions[key]
        for line in lines:
            del self.lines[line]
        messages += [
            key for key, each in self.handled_messages.items() if each.said.thread == thread
        ]
        for message in messages:
            self.messages.pop(message, None)
            self.handled_messages.pop(message, None)
        notices = [key for key, each in self.notices.items() if each.one.notice.thread == thread]
        for notice in notices:
            del self.notices[notice]
        reserved = self.turns.pop(thread, None)
        others = len(lines) + len(messages) + len(notices) + (reserved is not None)
        return len(entries) + len(sessions) + others

    def prune(
        self,
        *,
        entries_before: datetime,
        ended_before: datetime,
        said_before: datetime,
        seen_before: datetime,
    ) -> None:
        """Drop what was handled, ended, said or heard before then."""
        for key, entry in list(self.entries.items()):
            before = ended_before if entry.is_dead else entries_before
            if not entry.is_dead and isinstance(entry.event, SignOfLife):
                before = min(entries_before, ended_before)
            if entry.handled_at is not None and entry.handled_at < before:
                del self.entries[key]
        for session_id, kept in list(self.sessions.items()):
            ended_at = None if kept.session.is_open else kept.session.ended_at
            if ended_at is not None and ended_at < ended_before:
                del self.sessions[session_id]
        self.lines = {
            known: said
            for known, said in self.lines.items()
            if said.line.at >= said_before and said.session_id in self.sessions
        }
        self.messages = {
            position: message
            for position, message in self.messages.items()
            if message.state == "waiting" or message.said.said_at >= ended_before
        }
        self.handled_messages = {
            position: message
            for position, message in self.handled_messages.items()
            if message.handled_at is None
            or message.handled_at >= (ended_before if message.state == "dead" else entries_before)
        }
        self.notices = {
            position: each
            for position, each in self.notices.items()
            if (each.handled_at or each.one.notice.at) >= ended_before
        }
        self.turns = {
            thread: reserved
            for thread, reserved in self.turns.items()
            if reserved.until >= seen_before
        }
