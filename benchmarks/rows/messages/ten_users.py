"""Ten users write at once, and Graph takes 100 ms for each answer.

The row measures the time until the last of them has a reply (until Graph has answered that send),
and the longest time for which the server's event loop stood still: then it can hear nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ...figures.profiles import top_functions
from ...figures.results import Bound, Goal, Line, Quantity, Row, Size, any_missed
from ...material.scratch import scratch, sqlite
from ...processes.channel import running_channel
from ...processes.graph import running_graph
from ...processes.load import Load, deliver

_USERS = 10
_GRAPH_WAIT = timedelta(milliseconds=100)
_WARM_UP_USERS = 100  # their number, so that nobody is met again
_REPLIED = Goal(Bound.AT_MOST, 0.25)
_STALLED = Goal(Bound.AT_MOST, 0.02)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Measured:
    """Seconds until the last reply, and seconds that the event loop stood still."""

    replied: float
    stalled: float


async def measure(_: Size) -> Row:
    with scratch() as directory:
        theirs = await _measure("facebook", directory)
        ours = await _measure("messenger", directory, store=sqlite(directory))
        lines = _lines(theirs, ours)
        if not any_missed(lines):
            return Row(lines=lines)
        file = directory / "profile"
        await _measure("messenger", directory, store=sqlite(directory, "profiled"), profile=file)
        return Row(lines=_lines(theirs, ours, where=top_functions(file)))


async def _measure(name: str, directory: Path, **options: object) -> _Measured:
    async with (
        running_graph(directory, wait=_GRAPH_WAIT) as graph,
        running_channel(name, directory, graph=graph.url, **options) as channel,
    ):
        await deliver(_load(channel.port, first_user=_WARM_UP_USERS))
        await graph.messages(_USERS)
        await graph.reset()
        await channel.longest_stall()
        outcome = await deliver(_load(channel.port, first_user=0))
        sent = await graph.messages(_USERS)
        stalled = await channel.longest_stall()
        replied = max(call.answered_at for call in sent) - outcome.started_at
        return _Measured(replied=replied, stalled=stalled.total_seconds())


def _load(port: int, *, first_user: int) -> Load:
    return Load(
        port=port, deliveries=_USERS, connections=_USERS, users=_USERS, first_user=first_user
    )


def _lines(theirs: _Measured, ours: _Measured, where: tuple[str, ...] = ()) -> tuple[Line, ...]:
    return (
        Line(
            what="10 users at once, Graph answers in 100 ms: reply delivered to the last",
            baseline=Quantity(theirs.replied, "s"),
            baseline_is="Rasa's `facebook` channel",
            ours=Quantity(ours.replied, "s"),
            goal=_REPLIED,
            where=where,
        ),
        Line(
            what="the same: longest stall of the event loop",
            baseline=Quantity(theirs.stalled, "s"),
            baseline_is="Rasa's `facebook` channel",
            ours=Quantity(ours.stalled, "s"),
            goal=_STALLED,
            where=where,
        ),
    )
