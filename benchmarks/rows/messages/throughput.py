"""Messages a second, with Graph answering in 50 ms and an agent that answers at once.

Twenty deliveries are in flight, each from a different user: when one has been acknowledged, the
next one goes out. A channel that acknowledges at once accepts messages faster than it answers them,
so what counts is the time from the first delivery to the last delivered reply. Meta's limit of 300
sends a second per page is below the goal, so `sends-a-second` is raised for this row.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from ...figures.profiles import top_functions
from ...figures.results import Bound, Goal, Line, Measured, Quantity, Row, Size
from ...material.scratch import scratch, sqlite
from ...processes.channel import running_channel
from ...processes.graph import running_graph
from ...processes.load import Load, deliver

_IN_FLIGHT = 20
_GRAPH_WAIT = timedelta(milliseconds=50)
_WARM_UP_USERS = 1_000_000
_SETTINGS = json.dumps({"sends-a-second": 10_000})
_GOAL = Goal(Bound.AT_LEAST, 100, Measured.RATIO)


async def measure(size: Size) -> Row:
    with scratch() as directory:
        theirs = await _a_second("facebook", directory, size.of(full=60, quick=20))
        messages = size.of(full=5_000, quick=500)
        ours = await _ours(directory, messages, store=sqlite(directory))
        line = _line(theirs, ours)
        if line.is_missed:
            file = directory / "profile"
            profiled = {"store": sqlite(directory, "profiled"), "profile": file}
            await _ours(directory, messages, **profiled)
            line = _line(theirs, ours, where=top_functions(file))
        return Row(lines=(line,))


async def _ours(directory: Path, messages: int, **options: object) -> float:
    return await _a_second("messenger", directory, messages, settings=_SETTINGS, **options)


async def _a_second(name: str, directory: Path, messages: int, **options: object) -> float:
    async with (
        running_graph(directory, wait=_GRAPH_WAIT) as graph,
        running_channel(name, directory, graph=graph.url, **options) as channel,
    ):
        await deliver(_load(channel.port, _IN_FLIGHT, first_user=_WARM_UP_USERS))
        await graph.messages(_IN_FLIGHT)
        await graph.reset()
        outcome = await deliver(_load(channel.port, messages, first_user=0))
        sent = await graph.messages(messages)
        return messages / (max(call.answered_at for call in sent) - outcome.started_at)


def _load(port: int, messages: int, *, first_user: int) -> Load:
    return Load(
        port=port,
        deliveries=messages,
        connections=_IN_FLIGHT,
        users=messages,
        first_user=first_user,
    )


def _line(theirs: float, ours: float, where: tuple[str, ...] = ()) -> Line:
    return Line(
        what="messages answered a second, Graph 50 ms, 20 deliveries in flight",
        baseline=Quantity(theirs, "/s"),
        baseline_is="Rasa's `facebook` channel",
        ours=Quantity(ours, "/s"),
        goal=_GOAL,
        where=where,
    )
