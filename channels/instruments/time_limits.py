"""Time limits of many things at once, which share a timer.

A timer for each would cost a delivery more than decoding it: uvloop closes each cancelled timer in
a separate step.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import timedelta


class TimeLimits:
    """Calls what is overdue, with one timer for everything that is under way."""

    def __init__(self) -> None:
        self._under_way: dict[object, tuple[float, Callable[[], object]]] = {}
        self._looks_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, limit: timedelta, overdue: Callable[[], object]) -> object:
        """Call `overdue` after `limit`, unless `end` gets what this returns before then."""
        loop = asyncio.get_running_loop()
        until = loop.time() + limit.total_seconds()
        begun = object()
        self._under_way[begun] = until, overdue
        if until < self._looks_at:
            self._look_at(until, loop)
        return begun

    def end(self, begun: object) -> None:
        """It is over, whether in time or not."""
        self._under_way.pop(begun, None)

    def _look_at(self, time: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = time
        self._timer = loop.call_at(time, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now, self._looks_at = loop.time(), math.inf
        earliest = math.inf
        for begun, (until, _) in self._under_way.items():
            if until <= now:
                loop.call_soon(self._tell, begun)  # one that fails does not stop the others
            else:
                earliest = min(earliest, until)
        if earliest < math.inf:
            self._look_at(earliest, loop)

    def _tell(self, begun: object) -> None:
        if begun in self._under_way:
            _, overdue = self._under_way.pop(begun)
            overdue()
