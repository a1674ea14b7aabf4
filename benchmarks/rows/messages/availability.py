"""What it costs to tell Rasa, with each message, whether anybody is there.

Five plans have opening hours and public holidays. The baseline asks the store, for each message,
what the channel asks it every 15 s. Times are processor time, so a busy machine makes little
difference.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone

from channels.core.settings.settings import Settings, parse_settings
from channels.handover.availability import Availability
from channels.instruments.clock import SystemClock
from channels.instruments.metrics import Metrics
from channels.store.sql import SqlStore

from ...figures.results import Bound, Goal, Line, Quantity, Row, Size
from ...material.credentials import section
from ...material.scratch import scratch, sqlite
from ...material.stored_sessions import PLAN, active_sessions, fill, thread_of

_SESSIONS = 1_000
_RUNS = 5
_PLANS = ("default", "sales", "support", "returns", "press")
_HOURS = {
    "hours": {"mon-fri": "09:00-12:00, 13:00-17:30", "sat": "22:00-02:00"},
    "timezone": "Europe/Berlin",
    "closed-on": ["DE-BE", "2026-12-24"],
}
_GOAL = Goal(Bound.AT_MOST, 20)


async def measure(size: Size) -> Row:
    with scratch() as directory:
        url = sqlite(directory)
        first_end = datetime.now(timezone.utc) + PLAN.timeout
        fill(url, active_sessions(_SESSIONS, first_end=first_end, apart=timedelta()))
        store = SqlStore(url, worker="worker")
        await store.open()
        availability = Availability(
            settings=_settings(url), store=store, clock=SystemClock(), metrics=Metrics()
        )
        await availability.look()
        messages = size.of(full=10_000, quick=500)

        async def told(number: int) -> None:
            availability.of(thread_of(number % _SESSIONS))

        async def asked(_: int) -> None:
            await availability.look()

        ours, baseline = await _median(told, messages), await _median(asked, messages // 100)
        await store.close()
    line = Line(
        what=f"whether anybody is there, {len(_PLANS)} plans with hours: a message's cost",
        baseline=Quantity(baseline, "µs"),
        baseline_is="asking the store, SQLite",
        ours=Quantity(ours, "µs"),
        goal=_GOAL,
    )
    return Row(lines=(line,))


async def _median(tell: Callable[[int], Awaitable[None]], messages: int) -> float:
    """Microseconds a message."""
    runs = []
    for _ in range(_RUNS):
        began = time.process_time()
        for number in range(messages):
            await tell(number)
        runs.append((time.process_time() - began) / messages * 1e6)
    return statistics.median(runs)


def _settings(url: str) -> Settings:
    given = section(graph_url="https://graph.facebook.com/v25.0", store=url)
    return parse_settings({**given, "plans": dict.fromkeys(_PLANS, _HOURS)})
