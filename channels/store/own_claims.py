"""What one worker has claimed in the SQL store: renewed while it works, or given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.engine import Connection

from ..core.events import Thread
from ..core.sessions import Session
from . import claims, outgoing, sessions, workers


class OwnClaims:
    """The inbox entries by position, the sessions with their claims' ends, the threads' turns."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self.positions: set[int] = set()
        self.outgoing: set[int] = set()
        self.turns: set[Thread] = set()
        self._sessions: dict[str, datetime] = {}

    def clear(self) -> None:
        self.positions.clear()
        self.outgoing.clear()
        self.turns.clear()
        self._sessions.clear()

    def note_claim(self, session: Session, until: datetime | None) -> None:
        """The session was stored, claimed until then or not at all."""
        if until is None:
            self._sessions.pop(session.id, None)
        else:
            self._sessions[session.id] = until

    def forget_claims_before(self, now: datetime) -> None:
        """Those that are over may be other workers' by now."""
        self._sessions = {id_: until for id_, until in self._sessions.items() if until > now}

    def renewing(self, now: datetime) -> Callable[[Connection], None]:
        """The operation that holds entries and turns, as they are now, for longer."""
        positions, turns = sorted(self.positions), list(self.turns)
        messages = sorted(self.outgoing)

        def renew(connection: Connection) -> None:
            claims.renew(connection, positions, now, worker=self._worker)
            outgoing.renew(connection, messages, now, worker=self._worker)
            if turns:
                workers.renew_turns(connection, turns, now, worker=self._worker)

        return renew

    def releasing(self) -> Callable[[Connection], None]:
        """The operation that gives everything back, as it is now, and signs the worker off."""
        positions, turns = sorted(self.positions), list(self.turns)
        claimed, messages = dict(self._sessions), sorted(self.outgoing)

        def release(connection: Connection) -> None:
            claims.release(connection, positions, worker=self._worker)
            outgoing.release(connection, messages, worker=self._worker)
            sessions.release(connection, claimed)
            if turns:
                workers.free_turns(connection, turns, worker=self._worker)
            workers.leave(connection, worker=self._worker)

        return release
