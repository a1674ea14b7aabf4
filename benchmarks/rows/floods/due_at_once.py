"""10,000 sessions fall due within one second: the time until all are taken back and ended.

The engine runs with its store, against a Graph that answers in 50 ms and accepts 300 sends a
second, as Meta does for a page; any further send gets error 613. Each session takes a
`take_thread_control`, for which Meta has no limit per second, and a follow-up, which a trivial
assistant says. The baseline is what it takes to send the follow-ups at 300 a second. A session
counts as ended once the assistant has handled `handover_ended` and its follow-up is stored, which
may be a moment before that is sent; its lateness counts from when it was due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from channels.core.settings.settings import parse_settings
from channels.engine.engine import Engine
from channels.graph.http import HttpGraph
from channels.instruments.clock import SystemClock
from channels.store.sql import SqlStore

from ...figures.percentiles import percentile
from ...figures.results import Bound, Goal, Line, Quantity, Row, Size
from ...material.assistants import FollowingUp
from ...material.credentials import APP_ID, TOKEN, section
from ...material.databases import Kind, databases
from ...material.deliveries import SECRET, user_id
from ...material.scratch import scratch
from ...material.stored_sessions import active_sessions, fill
from ...processes.graph import RunningGraph, running_graph
from ...processes.graph_stub import Call

_GRAPH_WAIT = timedelta(milliseconds=50)
_SENDS_A_SECOND = 300
_FIRST_DUE_IN = timedelta(seconds=5)
_NONE_TWICE = _NONE_LEFT = Goal(Bound.AT_MOST, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    """`lateness` is in seconds, for each session; `twice` counts calls that repeated something."""

    lateness: Sequence[float]
    whole: float
    twice: int
    refused: int
    left_open: int


async def measure(size: Size) -> Row:
    sessions = size.of(full=10_000, quick=300)
    lines: list[Line] = []
    notes: list[str] = []
    with scratch() as directory, databases(directory) as made:
        for kind in Kind:
            outcome = await _run(made.new(kind), sessions, directory)
            lines += _lines(kind, sessions, outcome)
            notes.append(_note(kind, outcome))
    return Row(lines=tuple(lines), notes=tuple(notes))


async def _run(url: str, sessions: int, directory: Path) -> _Outcome:
    apart = timedelta(seconds=1) / sessions
    assistant = FollowingUp(sessions)
    store = SqlStore(url, worker="worker")
    async with running_graph(directory, wait=_GRAPH_WAIT, sends_a_second=_SENDS_A_SECOND) as graph:
        first_end = datetime.now(timezone.utc) + _FIRST_DUE_IN + timedelta(milliseconds=sessions)
        fill(url, active_sessions(sessions, first_end=first_end, apart=apart))
        engine = _engine(url, store, graph, assistant)
        await engine.start()
        if datetime.now(timezone.utc) > first_end:
            raise AssertionError("The sessions were due before the engine ran.")
        await assistant.all_ended()
        await engine.idle()
        left_open = await store.count_open()
        await engine.stop()
        calls = await graph.calls()
    return _outcome(assistant, calls, first_end=first_end, apart=apart, left_open=left_open)


def _outcome(
    assistant: FollowingUp,
    calls: Sequence[Call],
    *,
    first_end: datetime,
    apart: timedelta,
    left_open: int,
) -> _Outcome:
    lateness = [
        assistant.ended_at[user_id(number)] - (first_end + number * apart).timestamp()
        for number in range(len(assistant.ended_at))
    ]
    made = Counter((call.kind, call.user) for call in calls if not call.refused)
    return _Outcome(
        lateness=lateness,
        whole=max(assistant.ended_at.values()) - first_end.timestamp(),
        twice=sum(times - 1 for times in made.values()),
        refused=sum(call.refused for call in calls),
        left_open=left_open,
    )


def _engine(url: str, store: SqlStore, graph: RunningGraph, assistant: FollowingUp) -> Engine:
    clock = SystemClock()
    return Engine(
        settings=parse_settings(section(graph_url=graph.url, store=url)),
        store=store,
        graphs=HttpGraph(
            graph_url=graph.url,
            page_access_token=TOKEN,
            app_id=APP_ID,
            app_secret=SECRET,
            clock=clock,
        ),
        clock=clock,
        assistant=assistant,
    )


def _lines(kind: Kind, sessions: int, outcome: _Outcome) -> tuple[Line, ...]:
    what = f"{sessions:,} sessions due in one second, {kind.value}"
    return (
        Line(
            what=f"{what}: until all are taken back and ended",
            baseline=Quantity(sessions / _SENDS_A_SECOND, "s"),
            baseline_is=f"{_SENDS_A_SECOND} sends a second, not measured",
            ours=Quantity(outcome.whole, "s"),
        ),
        Line(what=f"{what}: lateness, p50", ours=Quantity(percentile(outcome.lateness, 50), "s")),
        Line(what=f"{what}: lateness, p99", ours=Quantity(percentile(outcome.lateness, 99), "s")),
        Line(what=f"{what}: calls made twice", ours=Quantity(outcome.twice, ""), goal=_NONE_TWICE),
        Line(
            what=f"{what}: sessions left open",
            ours=Quantity(outcome.left_open, ""),
            goal=_NONE_LEFT,
        ),
    )


def _note(kind: Kind, outcome: _Outcome) -> str:
    return f"{kind.value}: {outcome.refused} sends were over the limit and refused with error 613"
