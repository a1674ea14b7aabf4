"""A thousand threads are taken over at once, while webhooks are acknowledged at 500 a second.

A shift begins, or a desk is connected: each thread gets a session, which is stored, and Rasa hears
of it. Measured is the time to acknowledge the others, from the first of the thousand until two
seconds after the last, beside the same seconds of a run in which nothing is taken over.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ...figures.percentiles import percentile
from ...figures.results import Bound, Goal, Line, Quantity, Row, Size
from ...material.databases import Databases, Kind, databases
from ...material.deliveries import Kind as Delivered
from ...material.scratch import scratch
from ...material.stored_sessions import PLAN, active_sessions, fill
from ...processes.channel import RunningChannel, running_channel
from ...processes.graph import running_graph
from ...processes.load import Load, Outcome, deliver

_SESSIONS = 1_000
_CONNECTIONS = 64
_A_SECOND = 500
_QUIET_FOR = timedelta(seconds=2)  # before the first is taken over, and after the last
_LASTS = timedelta(seconds=7)
_GOAL = Goal(Bound.AT_MOST, 10)


async def measure(size: Size) -> Row:
    taken = size.of(full=1_000, quick=50)
    with scratch() as directory, databases(directory) as made:
        lines = [await _line(directory, made, kind, taken) for kind in Kind]
    return Row(lines=tuple(lines))


async def _line(directory: Path, made: Databases, kind: Kind, taken: int) -> Line:
    url = made.new(kind)
    first_end = datetime.now(timezone.utc) + PLAN.timeout
    fill(url, active_sessions(_SESSIONS, first_end=first_end, apart=timedelta()))
    async with (
        running_graph(directory, wait=timedelta(milliseconds=50)) as graph,
        running_channel("messenger", directory, graph=graph.url, store=url) as channel,
    ):
        await deliver(_steady(channel, timedelta(seconds=2)))  # whatever is done the first time
        idle, _ = await asyncio.gather(_run(channel), _taken_over(channel, 1, first_user=5_000))
        steady, burst = await asyncio.gather(_run(channel), _taken_over(channel, taken))
    return Line(
        what=f"{taken:,} threads taken over at once, {kind.value}: p99 of acknowledging 500/s "
        "meanwhile",
        baseline=_p99(idle, since=idle.started_at + _QUIET_FOR.total_seconds()),
        baseline_is="one thread",
        ours=_p99(steady, since=burst.started_at),
        goal=_GOAL,
    )


async def _run(channel: RunningChannel) -> Outcome:
    return await deliver(_steady(channel, _LASTS))


async def _taken_over(channel: RunningChannel, count: int, *, first_user: int = 10_000) -> Outcome:
    await asyncio.sleep(_QUIET_FOR.total_seconds())
    load = Load(
        port=channel.port,
        deliveries=count,
        connections=_CONNECTIONS,
        users=count,
        first_user=first_user,
        kind=Delivered.TAKEN,
    )
    return await deliver(load)


def _steady(channel: RunningChannel, lasts: timedelta) -> Load:
    return Load(
        port=channel.port,
        deliveries=int(_A_SECOND * lasts.total_seconds()),
        connections=_CONNECTIONS,
        users=_SESSIONS,
        kind=Delivered.STANDBY,
        text="hello, I ordered two pairs of shoes and only one has arrived",
        a_second=_A_SECOND,
    )


def _p99(outcome: Outcome, *, since: float) -> Quantity:
    """Of what was due in the seconds from then on."""
    until = since + 1 + _QUIET_FOR.total_seconds()
    latencies = [
        latency
        for number, latency in enumerate(outcome.latencies)
        if since <= outcome.started_at + number / _A_SECOND < until
    ]
    return Quantity(percentile(latencies, 99) * 1_000, "ms")
