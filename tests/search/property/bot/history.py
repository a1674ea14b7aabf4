"""What the store has been told, by whatever worker: the sessions, version by version."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from channels.core.events import ControlRequested, Thread
from channels.core.records.inbox import InboxEntry
from channels.core.records.outgoing import Outgoing, OutgoingEntry, Standing
from channels.core.sessions.session import (
    EndReason,
    Session,
    State,
    is_for_the_bot,
)
from channels.instruments.clock import Clock
from channels.store.protocol import Store
from tests.search.property.bot.processes import NEVER, Process
from tests.search.property.office_hours import is_anybody_there


class History:
    """Every version of every session.

    `silent_at` says when it was last stored that somebody else has a user's thread. A session that
    ends without the thread leaves it, and nobody watches it any more: what was known is given up.
    `said_in_order` has the bot's messages, by their users and in the order of saying,
    `out_of_hours` what was done in sessions that the hours forbid, `handled_at` when an event was
    handled, by its key, `closed_at` when a session was over, by its id. `clock` is Meta's,
    `shared` the one by which the workers store, and by which the hours go.
    """

    def __init__(self, clock: Clock, *, zone: str) -> None:
        self._clock = clock
        self._zone = zone
        self.shared: Clock = clock
        self.versions: defaultdict[str, list[Session]] = defaultdict(list)
        self.silent_at: dict[str, datetime] = {}
        self.said_in_order: defaultdict[str, list[Outgoing]] = defaultdict(list)
        self.out_of_hours: list[str] = []
        self.handled_at: dict[str, datetime] = {}
        self.closed_at: dict[str, datetime] = {}
        self._keys: dict[int, str] = {}  # of events, by their positions
        self._asked_for: dict[int, Thread] = {}  # by an app, in an event that is not handled yet

    def claimed(self, entries: list[InboxEntry]) -> list[InboxEntry]:
        """Entries that a worker has got."""
        self._keys.update((entry.position, entry.event.key) for entry in entries)
        asked = [entry for entry in entries if isinstance(entry.event, ControlRequested)]
        self._asked_for.update((entry.position, entry.event.thread) for entry in asked)
        return entries

    def handled(self, position: int) -> None:
        """An event has been handled."""
        self.handled_at.setdefault(self._keys[position], self._clock.now())
        self._asked_for.pop(position, None)

    def sessions(self) -> list[Session]:
        """Each session as it is now."""
        return [versions[-1] for versions in self.versions.values()]

    def open_session_of(self, user: str) -> Session | None:
        """The open session of a user."""
        ones = (one for one in self.sessions() if one.is_open and one.thread.user == user)
        return next(ones, None)

    def has_been_taken_back(self, user: str, at: datetime) -> bool:
        """Whether a user's last session had ended by then, or a word of theirs had ended it."""
        last = self.last_ended_of(user)
        metas_ahead = self._clock.now() - self.shared.now()
        # What was heard so and routed is the session's last word then.
        return last is not None and (
            is_for_the_bot(at, last, metas_ahead) or last.last_user_at == at
        )

    def is_anybody_there(self, at: datetime | None = None) -> bool:
        """Whether it is within the hours, by the workers' clock; now, or at a moment of Meta's."""
        ahead = self.shared.now() - self._clock.now()
        return is_anybody_there(self._zone, (at or self._clock.now()) + ahead)

    def last_ended_of(self, user: str) -> Session | None:
        """The session of a user that ended last."""
        ended = [one for one in self.sessions() if not one.is_open and one.thread.user == user]
        return max(ended, key=lambda one: (one.ended_at or NEVER, one.id), default=None)

    def keep(self, session: Session, process: Process) -> None:
        """It was stored by that process."""
        if not any(self._is_right(session, at) for at in process.moments()):
            told = f"{session.id} becomes {session.state} for {session.reason}"
            self.out_of_hours.append(f"{told}, open: {self.is_anybody_there()}")
        self.versions[session.id].append(session)
        if not session.is_open:
            self.closed_at.setdefault(session.id, self._clock.now())
        if session.state is State.ACTIVE:
            self.silent_at[session.thread.user] = self._clock.now()
        elif not session.is_open and not session.regained:
            self.silent_at.pop(session.thread.user, None)

    def _is_right(self, session: Session, at: datetime) -> bool:
        """A session that is opened, or that waits, by its plan's hours; apps may ask any time."""
        before = self.versions[session.id][-1:]
        if session.plan.hours is None or session.is_adopted:
            return True
        is_open = self.is_anybody_there(at)
        if not before:
            return (session.state is State.OPENING) == is_open
        if before[0].is_waiting and session.state is State.OPENING:
            return is_open or session.thread in self._asked_for.values()
        ends_as_closed = EndReason.CLOSED is session.reason is not before[0].reason
        return not (ends_as_closed and is_open)  # Rasa may hear of it later


class KeepingStore:
    """One worker's store, which lets the history know.

    `looked` has what was known when the worker last looked whether a message may be sent, by its
    mark: the open session of its thread, and when it was known to be silent.
    """

    def __init__(self, store: Store, history: History, process: Process) -> None:
        self._store = store
        self._history = history
        self._process = process
        self.looked: dict[str, tuple[Session | None, datetime]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def record(self, *events: Any, **options: Any) -> list[InboxEntry]:
        return self._history.claimed(await self._store.record(*events, **options))

    async def claim_inbox(self, *now: Any, **options: Any) -> list[InboxEntry]:
        return self._history.claimed(await self._store.claim_inbox(*now, **options))

    async def done(self, position: int, now: datetime) -> None:
        await self._store.done(position, now)
        self._history.handled(position)

    async def add_session(self, session: Session, **claim: Any) -> bool:
        return self._keep(await self._store.add_session(session, **claim), session)

    async def save_session(self, session: Session, **claim: Any) -> bool:
        return self._keep(await self._store.save_session(session, **claim), session)

    async def follow_session(self, ended: Session, following: Session, **claim: Any) -> bool:
        stored = await self._store.follow_session(ended, following, **claim)
        return self._keep(stored, ended, following)

    async def say(self, said: Outgoing, **options: Any) -> OutgoingEntry | None:
        entry = await self._store.say(said, **options)
        self._history.said_in_order[said.thread.user].append(said)
        return entry

    async def before_send(self, entry: OutgoingEntry) -> tuple[Standing | None, Session | None]:
        found = await self._store.before_send(entry)
        self.looked[entry.outgoing.mark] = self.known_of(entry.outgoing.thread.user)
        return found

    def known_of(self, user: str) -> tuple[Session | None, datetime]:
        """What is stored of a user's thread now."""
        history = self._history
        return history.open_session_of(user), history.silent_at.get(user, NEVER)

    def _keep(self, stored: bool, *sessions: Session) -> bool:
        for session in sessions if stored else ():
            self._history.keep(session, self._process)
        return stored
