"""What one worker has claimed in the SQL store: renewed while the worker runs, or given back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeVar

from sqlalchemy.engine import Connection

from ..core.events import Thread
from ..core.records.inbox import InboxEntry
from ..core.records.outgoing import OutgoingEntry
from .claims import claims, workers
from .outgoing import claiming
from .protocol import CLAIM_LEASE, LEASE_MARGIN, Held
from .sessions import claiming as session_claiming

_T = TypeVar("_T")


class OwnClaims:
    """Until when it has claimed what: entries and messages by position, sessions, threads' turns.

    All entries and messages are renewed at once. A worker that renews them late may have lost one,
    and with it the rest of that thread, no matter how fresh the claims on those are.
    """

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self.positions: dict[int, datetime] = {}
        self.outgoing: dict[int, datetime] = {}
        self.turns: dict[Thread, datetime] = {}
        self.sessions: dict[str, datetime] = {}
        self._renewed_until: datetime | None = None

    def clear(self) -> None:
        self.positions.clear()
        self.outgoing.clear()
        self.turns.clear()
        self.sessions.clear()

    def until(self, held: Held) -> datetime | None:
        """When this worker's claim on it ends; None if it has none."""
        if isinstance(held, (InboxEntry, OutgoingEntry)):
            claims = self.positions if isinstance(held, InboxEntry) else self.outgoing
            until = claims.get(held.position)
            return until and min(until, self._renewed_until or until)
        if isinstance(held, Thread):
            return self.turns.get(held)
        return self.sessions.get(held.id)

    def renewing(self, now: datetime) -> Callable[[Connection], Callable[[], None]]:
        """The operation that prolongs the claims that there are now, except those on sessions.

        It returns what to call once it is committed, to note what is still ours.
        """
        positions, turns = sorted(self.positions), list(self.turns)
        messages = sorted(self.outgoing)
        ends = (*self.positions.values(), *self.outgoing.values())
        may_be_lost = any(until <= now + LEASE_MARGIN for until in ends)

        def renew(connection: Connection) -> Callable[[], None]:
            worker, until = self._worker, now + CLAIM_LEASE
            entries = claims.renew(
                connection, positions, now, worker=worker, may_be_lost=may_be_lost
            )
            unsent = claiming.renew(
                connection, messages, now, worker=worker, may_be_lost=may_be_lost
            )
            ours = workers.renew_turns(connection, turns, now, worker=worker) if turns else set()

            def note() -> None:
                self._renewed_until = until
                _note(self.positions, positions, entries, until)
                _note(self.outgoing, messages, unsent, until)
                _note(self.turns, turns, ours, until)

            return note

        return renew

    def releasing(self) -> Callable[[Connection], None]:
        """The operation that gives up the claims that there are now, and signs the worker off."""
        positions, turns = sorted(self.positions), list(self.turns)
        claimed, messages = dict(self.sessions), sorted(self.outgoing)

        def release(connection: Connection) -> None:
            claims.release(connection, positions, worker=self._worker)
            claiming.release(connection, messages, worker=self._worker)
            session_claiming.release(connection, claimed)
            if turns:
                workers.free_turns(connection, turns, worker=self._worker)
            workers.leave(connection, worker=self._worker)

        return release


def _note(
    held: dict[_T, datetime], asked: Collection[_T], ours: Collection[_T], until: datetime
) -> None:
    for each in asked:
        if each not in ours:
            held.pop(each, None)
        elif each in held:
            held[each] = until
