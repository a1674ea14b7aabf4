"""How long a server's event loop stood still, and what share of a core it took."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

PATH = "/benchmark/longest-stall"
_TICK = timedelta(milliseconds=5)


class StallWatch:
    """Ticks in the event loop; a tick that comes late shows that the loop stood still."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._asked = time.perf_counter(), time.process_time()

    def add_to(self, app: Sanic) -> None:
        """Start with the server, and report at PATH on the time since the last request."""
        app.add_task(self._tick())
        app.add_route(self._answer(), PATH)

    def _answer(self) -> object:
        async def longest_stall(_: Request) -> HTTPResponse:
            longest, self._longest = self._longest, 0.0
            (began, used), now = self._asked, (time.perf_counter(), time.process_time())
            self._asked = now
            return json({"seconds": longest, "cores": (now[1] - used) / (now[0] - began)})

        return longest_stall

    async def _tick(self) -> None:
        tick = _TICK.total_seconds()
        ticked_at = time.perf_counter()
        while True:
            await asyncio.sleep(tick)
            now = time.perf_counter()
            self._longest = max(self._longest, now - ticked_at - tick)
            ticked_at = now
