"""How often the owners of open sessions' threads are asked for.

Release and expiry send no webhook (Messenger Platform, Conversation Routing), so the only way to
see them is to ask, and Meta limits how often: all sessions of a worker share one budget.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ..core.sessions import Session
from ..instruments.metrics import Metrics

PROBES_A_SECOND = 5  # far below the calls that Meta grants an app (Rate Limiting)


class Probing:
    """Spaces the probes of a worker's sessions.

    The interval is the plan's `owner-probe`, or longer where so many sessions are open that the
    budget would not do; never do more than `PROBES_A_SECOND` go out.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._shortest = timedelta()
        self._spent_in: datetime | None = None
        self._spent = 0

    def open_sessions_are(self, count: int) -> None:
        """Stretch the interval to what this many sessions leave of the budget."""
        self._shortest = timedelta(seconds=count / PROBES_A_SECOND)
        self._metrics.open.set(count)
        self._metrics.probe_interval.set(self._shortest.total_seconds())

    def interval(self, session: Session) -> timedelta:
        """How long to wait before this session is probed again."""
        return max(session.plan.owner_probe, self._shortest)

    def may_probe(self, now: datetime) -> bool:
        """Take one probe out of this second's budget; False if none is left."""
        second = now.replace(microsecond=0)
        if second != self._spent_in:
            self._spent_in, self._spent = second, 0
        self._spent += 1
        return self._spent <= PROBES_A_SECOND
