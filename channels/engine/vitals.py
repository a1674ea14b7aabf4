"""Looks now and then at what a worker stands on, so that health is told without asking anybody.

Who asks for the health gets what is known, at once: neither a database that hangs nor a flood
of questions holds anything up.
"""

from __future__ import annotations

from datetime import timedelta

from ..graph.protocol import Graph, Obstacle
from ..instruments.clock import Clock
from ..instruments.metrics import Metrics
from ..store.protocol import Backlog, Store
from .health import Facts, Problem, problems

LOOK_INTERVAL = timedelta(seconds=5)  # well within health.STORE_SILENCE
CHECK_INTERVAL = timedelta(minutes=5)  # one Graph call a page and worker


class Vitals:
    """The facts of one worker; they begin with the moment in which it is made."""

    def __init__(self, *, store: Store, graph: Graph, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._graph = graph
        self._clock = clock
        self._metrics = metrics
        self._answered_at = clock.now()
        self._store_failed = False
        self._backlog = Backlog(waiting=0, oldest_at=None, dead=0)

    async def look(self) -> None:
        """Look into the inbox. Raises StoreError where the store does not let us."""
        try:
            self._backlog = await self._store.backlog()
        except Exception:
            self._store_failed = True
            raise
        self._answered_at = self._clock.now()
        self._store_failed = False
        self._metrics.inbox_is(self._backlog, self._answered_at)

    async def check_tokens(self) -> None:
        """Let a token that Meta refuses be noticed before a user waits for it."""
        await self._graph.check()

    def problems(self) -> list[Problem]:
        """What is wrong now, as far as is known; empty if the worker is well."""
        refused = {
            closure.page
            for closure in self._graph.closures()
            if closure.obstacle is Obstacle.UNAUTHORISED
        }
        facts = Facts(
            store_answered_at=self._answered_at,
            store_failed=self._store_failed,
            waiting=self._backlog.waiting,
            oldest_at=self._backlog.oldest_at,
            refused_tokens=sorted(refused),
        )
        return problems(facts, self._clock.now())
