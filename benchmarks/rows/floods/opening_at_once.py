"""A thousand threads are taken over at once, while webhooks are acknowledged at 500 a second.

A shift begins, or a desk is connected: for each thread a session is stored, and Rasa is told of it.
The row measures the time to acknowledge the other webhooks: first while the thousand come in, as
fast as 64 connections bring them; then in the two seconds after the last of those was acknowledged,
while sessions are still being opened. The baseline is the same number of messages to agents, which
come in the same way and open nothing. Both sides take turns, and the median of their rounds counts.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

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
_ROUNDS = 3
_CONNECTIONS = 64
_A_SECOND = 500
_QUIET_FOR = timedelta(seconds=2)  # before the others come in; also the time measured after them
_LASTS = timedelta(seconds=10)
_GOAL = Goal(Bound.AT_MOST, 10)
_BASELINE = "as many messages, which open nothing"


async def measure(size: Size) -> Row:
    taken = size.of(full=1_000, quick=50)
    rounds = size.of(full=_ROUNDS, quick=1)
    with scratch() as directory, databases(directory) as made:
        lines = [
            line for kind in Kind for line in await _lines(directory, made, kind, taken, rounds)
        ]
    return Row(lines=tuple(lines))


async def _lines(
    directory: Path, made: Databases, kind: Kind, taken: int, rounds: int
) -> list[Line]:
    url = made.new(kind)
    first_end = datetime.now(timezone.utc) + PLAN.timeout
    fill(url, active_sessions(_SESSIONS, first_end=first_end, apart=timedelta()))
    heard, opened = [], []
    async with (
        running_graph(directory, wait=timedelta(milliseconds=50)) as graph,
        running_channel("messenger", directory, graph=graph.url, store=url) as channel,
    ):
        warming_up = msgspec.structs.replace(_steady(channel), deliveries=2 * _A_SECOND)
        await deliver(warming_up)  # for everything that is done only once
        for number in range(rounds):
            heard.append(await _beside(channel, Delivered.STANDBY, taken, first_user=0))
            new = 10_000 * (number + 1)
            opened.append(await _beside(channel, Delivered.TAKEN, taken, first_user=new))
    what = f"{taken:,} threads taken over at once, {kind.value}: p99 of acknowledging 500/s"
    return [
        Line(
            what=f"{what} while they come in",
            baseline=_median([each.meanwhile for each in heard]),
            baseline_is=_BASELINE,
            ours=_median([each.meanwhile for each in opened]),
        ),
        Line(
            what=f"{what} in the 2 s after",
            baseline=_median([each.after for each in heard]),
            baseline_is=_BASELINE,
            ours=_median([each.after for each in opened]),
            goal=_GOAL,
        ),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Beside:
    """Milliseconds to acknowledge the steady ones during and after a flood of others, p99."""

    meanwhile: float
    after: float


async def _beside(
    channel: RunningChannel, kind: Delivered, count: int, *, first_user: int
) -> _Beside:
    steady, flood = await asyncio.gather(
        deliver(_steady(channel)), _flood(channel, kind, count, first_user)
    )
    quiet = _QUIET_FOR.total_seconds()
    return _Beside(
        meanwhile=_p99(steady, since=flood.started_at, until=flood.finished_at),
        after=_p99(steady, since=flood.finished_at, until=flood.finished_at + quiet),
    )


async def _flood(channel: RunningChannel, kind: Delivered, count: int, first_user: int) -> Outcome:
    await asyncio.sleep(2 * _QUIET_FOR.total_seconds())  # the load's process must start first
    load = Load(
        port=channel.port,
        deliveries=count,
        connections=_CONNECTIONS,
        users=min(count, _SESSIONS),
        first_user=first_user,
        kind=kind,
    )
    return await deliver(load)


def _steady(channel: RunningChannel) -> Load:
    return Load(
        port=channel.port,
        deliveries=int(_A_SECOND * _LASTS.total_seconds()),
        connections=_CONNECTIONS,
        users=_SESSIONS,
        kind=Delivered.STANDBY,
        text="hello, I ordered two pairs of shoes and only one has arrived",
        a_second=_A_SECOND,
    )


def _p99(outcome: Outcome, *, since: float, until: float) -> float:
    """The latencies of what was due in that time."""
    latencies = [
        latency
        for number, latency in enumerate(outcome.latencies)
        if since <= outcome.started_at + number / _A_SECOND < until
    ]
    return percentile(latencies, 99) * 1_000


def _median(milliseconds: Sequence[float]) -> Quantity:
    return Quantity(statistics.median(milliseconds), "ms")
