"""1,000 sessions wait for their plan's hours, which begin: the time until all are passed.

The engine runs with its store, against a Graph that answers in 50 ms. All sessions are due within
one second. Each takes one `pass_thread_control`, for which Meta has no limit per second; the
baseline is Meta's limit for the Send API, 300 calls a second. A session counts as passed once Graph
has answered and the assistant has handled `handover_started`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from channels.core.hours import ALWAYS, Hours, WhenClosed
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, Session, State
from channels.core.settings.settings import parse_settings
from channels.engine.engine import Engine
from channels.graph.http import HttpGraph
from channels.instruments.clock import SystemClock
from channels.store.sql import SqlStore

from ...figures.results import Bound, Goal, Line, Quantity, Row, Size
from ...material.assistants import Listening
from ...material.credentials import APP_ID, TOKEN, section
from ...material.databases import Kind, databases
from ...material.deliveries import SECRET
from ...material.scratch import scratch
from ...material.stored_sessions import PLAN, fill, thread_of
from ...processes.graph import running_graph
from ...processes.graph_stub import PAGE

_GRAPH_WAIT = timedelta(milliseconds=50)
_SENDS_A_SECOND = 300
_FIRST_DUE_IN = timedelta(seconds=4)
_NIGHT = timedelta(hours=12)
_NONE = Goal(Bound.AT_MOST, 0)
_PLAN = msgspec.structs.replace(
    PLAN, hours=Hours(week=ALWAYS, timezone="UTC"), when_closed=WhenClosed.WAIT
)


async def measure(size: Size) -> Row:
    sessions = size.of(full=1_000, quick=50)
    lines: list[Line] = []
    with scratch() as directory, databases(directory) as made:
        for kind in Kind:
            whole, twice = await _run(made.new(kind), sessions, directory)
            what = f"{sessions:,} waiting sessions open in one second, {kind.value}"
            lines += [
                Line(
                    what=f"{what}: until all are passed",
                    baseline=Quantity(sessions / _SENDS_A_SECOND, "s"),
                    baseline_is=f"{_SENDS_A_SECOND} calls a second, not measured",
                    ours=Quantity(whole, "s"),
                ),
                Line(what=f"{what}: passes made twice", ours=Quantity(twice, ""), goal=_NONE),
            ]
    return Row(lines=tuple(lines))


async def _run(url: str, sessions: int, directory: Path) -> tuple[float, int]:
    """Seconds from when the first was due, and how many calls were made again."""
    assistant = Listening(sessions)
    async with running_graph(directory, wait=_GRAPH_WAIT) as graph:
        first = datetime.now(timezone.utc) + _FIRST_DUE_IN
        fill(url, _waiting(sessions, first=first))
        engine = _engine(url, graph.url, assistant)
        await engine.start()
        if datetime.now(timezone.utc) > first:
            raise AssertionError("The sessions were due before the engine ran.")
        await assistant.all_heard()
        await engine.idle()
        await engine.stop()
        calls = await graph.calls()
    passed = Counter(call.user for call in calls if call.kind == "pass_thread_control")
    if len(passed) != sessions:
        raise AssertionError(f"{len(passed)} of {sessions} sessions were passed.")
    return assistant.last_heard_at - first.timestamp(), sum(passed.values()) - sessions


def _waiting(count: int, *, first: datetime) -> Iterator[Session]:
    """Sessions that were requested in the evening."""
    asked_at = first - _NIGHT
    for number in range(count):
        cause = Cause(at=asked_at, key=f"{PAGE}/messaging/m_cause_{number}")
        thread = thread_of(number)
        opening = transitions.opening(thread=thread, plan=_PLAN, cause=cause, now=asked_at)
        yield msgspec.structs.replace(
            opening,
            state=State.WAITING,
            waiting_since=asked_at,
            is_announced=False,
            due_at=first + number * timedelta(seconds=1) / count,
        )


def _engine(url: str, graph_url: str, assistant: Listening) -> Engine:
    clock = SystemClock()
    return Engine(
        settings=parse_settings(section(graph_url=graph_url, store=url)),
        store=SqlStore(url, worker="worker"),
        graphs=HttpGraph(
            graph_url=graph_url,
            page_access_token=TOKEN,
            app_id=APP_ID,
            app_secret=SECRET,
            clock=clock,
        ),
        clock=clock,
        assistant=assistant,
    )
