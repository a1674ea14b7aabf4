"""Webhooks acknowledged a second, each of them recorded durably, against a bare Sanic route.

The route checks the signature and answers 200; ours checks it, decodes, records (SQLite with
`synchronous=FULL`, or PostgreSQL) and then acknowledges. While more deliveries come in, it also
handles what it has recorded, in the same process. The deliveries are messages that users write
while agents have their threads, which is the load of a silent bot:

- *heard*: the session is looked up, the keywords are compared, and the session's next version is
  stored;
- *looked up*: the message is older than its session, so there is nothing to do but look it up.

Both sides take turns, and the median of their rounds counts. At 500 a second, each delivery is due
at a certain time, from which its latency counts.
"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ...figures.percentiles import percentile
from ...figures.profiles import top_functions
from ...figures.results import Bound, Goal, Line, Measured, Quantity, Row, Size
from ...material import deliveries
from ...material.databases import Databases, Kind, databases, until_handled
from ...material.scratch import scratch
from ...material.stored_sessions import PLAN, active_sessions, fill
from ...processes.channel import RunningChannel, running_channel
from ...processes.graph import running_graph
from ...processes.load import Load, Outcome, deliver

_SESSIONS = 1_000
_CONNECTIONS = 64
_A_SECOND = 500
_GOAL = Goal(Bound.AT_LEAST, 0.3, Measured.RATIO)
_P99_GOAL = Goal(Bound.AT_MOST, 10)
_BARE = "bare Sanic route"
_AGES = {"heard": timedelta(), "looked up": PLAN.timeout * 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rates:
    """Deliveries acknowledged and handled a second, in each round."""

    bare: Sequence[float]
    acknowledged: Sequence[float]
    handled: Sequence[float]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stand:
    """The bare route beside our channel, and the database that the channel uses."""

    kind: Kind
    route: RunningChannel
    channel: RunningChannel
    url: str


async def measure(size: Size) -> Row:
    lines: list[Line] = []
    with scratch() as directory, databases(directory) as made:
        notes = [await _ceiling(directory, size)]
        for kind in Kind:
            async with _stand(directory, made, kind) as stand:
                rates = {name: await _rates(stand, age, size) for name, age in _AGES.items()}
                steady = await _at_a_steady_rate(stand, size)
            for name, age in _AGES.items():
                line = _line(kind, name, rates[name])
                if line.is_missed:
                    line = replace(line, where=await _profile(directory, made, kind, age, size))
                lines.append(line)
                handled = Quantity(statistics.median(rates[name].handled), "/s")
                notes.append(f"{kind.value}, {name}: recorded and handled to the end at {handled}")
            if steady.is_missed:
                where = await _profile(directory, made, kind, timedelta(), size, a_second=_A_SECOND)
                steady = replace(steady, where=where)
            lines.append(steady)
    return Row(lines=tuple(lines), notes=tuple(notes))


@asynccontextmanager
async def _stand(directory: Path, made: Databases, kind: Kind) -> AsyncIterator[_Stand]:
    url = _filled(made, kind)
    async with (
        running_graph(directory, wait=timedelta()) as graph,
        running_channel("bare", directory) as route,
        running_channel("messenger", directory, graph=graph.url, store=url) as channel,
    ):
        await _handled(url, await deliver(_load(channel, _SESSIONS, timedelta())))
        yield _Stand(kind=kind, route=route, channel=channel, url=url)


async def _rates(stand: _Stand, age: timedelta, size: Size) -> _Rates:
    bare, acknowledged, handled = [], [], []
    load = size.of(full=5_000, quick=500)
    for _ in range(size.of(full=5, quick=1)):
        bare.append((await deliver(_load(stand.route, load, age))).a_second)
        outcome = await deliver(_load(stand.channel, load, age))
        acknowledged.append(outcome.a_second)
        handled.append(await _handled(stand.url, outcome))
    return _Rates(bare=bare, acknowledged=acknowledged, handled=handled)


async def _at_a_steady_rate(stand: _Stand, size: Size) -> Line:
    count = _A_SECOND * size.of(full=15, quick=2)
    theirs, ours = [
        await deliver(_load(server, count, timedelta(), a_second=_A_SECOND))
        for server in (stand.route, stand.channel)
    ]
    return Line(
        what=f"webhooks at {_A_SECOND}/s, {stand.kind.value}: p99 of the time to acknowledge",
        baseline=_p99(theirs),
        baseline_is=_BARE,
        ours=_p99(ours),
        goal=_P99_GOAL,
    )


async def _profile(
    directory: Path,
    made: Databases,
    kind: Kind,
    age: timedelta,
    size: Size,
    a_second: float | None = None,
) -> tuple[str, ...]:
    url, file = _filled(made, kind), directory / "profile"
    async with (
        running_graph(directory, wait=timedelta()) as graph,
        running_channel(
            "messenger", directory, graph=graph.url, store=url, profile=file
        ) as channel,
    ):
        load = _load(channel, size.of(full=5_000, quick=500), age, a_second)
        await _handled(url, await deliver(load))
    return top_functions(file)


async def _ceiling(directory: Path, size: Size) -> str:
    """The most that the load generator can do, if the server does nothing."""
    async with running_graph(directory, wait=timedelta()) as graph:
        server = RunningChannel(port=graph.port)
        outcome = await deliver(_load(server, size.of(full=20_000, quick=2_000), timedelta()))
    ceiling = Quantity(outcome.a_second, "/s")
    return f"the load generator's own ceiling, against a server that does nothing: {ceiling}"


async def _handled(url: str, outcome: Outcome) -> float:
    """Deliveries a second, from the first one until none is left in the inbox."""
    handled_at = await until_handled(url)
    return len(outcome.latencies) / (handled_at - outcome.started_at)


def _filled(made: Databases, kind: Kind) -> str:
    """A database with the active sessions of the users who are going to write."""
    url = made.new(kind)
    first_end = datetime.now(timezone.utc) + PLAN.timeout
    fill(url, active_sessions(_SESSIONS, first_end=first_end, apart=timedelta()))
    return url


def _load(
    server: RunningChannel, count: int, age: timedelta, a_second: float | None = None
) -> Load:
    return Load(
        port=server.port,
        deliveries=count,
        connections=_CONNECTIONS,
        users=_SESSIONS,
        kind=deliveries.Kind.STANDBY,
        text="hello, I ordered two pairs of shoes and only one has arrived",
        a_second=a_second,
        age=age,
    )


def _p99(outcome: Outcome) -> Quantity:
    return Quantity(percentile(outcome.latencies, 99) * 1_000, "ms")


def _line(kind: Kind, name: str, rates: _Rates) -> Line:
    return Line(
        what=f"webhooks acknowledged a second, durable in {kind.value}; {name}",
        baseline=Quantity(statistics.median(rates.bare), "/s"),
        baseline_is=_BARE,
        ours=Quantity(statistics.median(rates.acknowledged), "/s"),
        goal=_GOAL if kind is Kind.SQLITE else None,
    )
