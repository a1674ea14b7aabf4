"""One user sends four messages at once, and the assistant works on each for 50 ms.

It uses Rasa's own `InMemoryLockStore`, which checks once a second whether it is a waiting message's
turn. The row measures the time until the last reply.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ...figures.profiles import top_functions
from ...figures.results import Bound, Goal, Line, Quantity, Row, Size
from ...material.scratch import scratch, sqlite
from ...processes.channel import running_channel
from ...processes.graph import running_graph
from ...processes.load import Load, deliver

_MESSAGES = 4
_WORK_MS = 50
_WARM_UP_USER = 100
_GOAL = Goal(Bound.AT_MOST, 0.3)


async def measure(_: Size) -> Row:
    with scratch() as directory:
        theirs = await _last_reply("facebook", directory)
        ours = await _last_reply("messenger", directory, store=sqlite(directory))
        line = _line(theirs, ours)
        if line.is_missed:
            file = directory / "profile"
            profiled = {"store": sqlite(directory, "profiled"), "profile": file}
            await _last_reply("messenger", directory, **profiled)
            line = _line(theirs, ours, where=top_functions(file))
        return Row(lines=(line,))


async def _last_reply(name: str, directory: Path, **options: object) -> float:
    """Seconds from the first delivery until the last send has been answered."""
    async with (
        running_graph(directory, wait=timedelta()) as graph,
        running_channel(name, directory, graph=graph.url, work_ms=_WORK_MS, **options) as channel,
    ):
        await deliver(
            Load(port=channel.port, deliveries=1, connections=1, users=1, first_user=_WARM_UP_USER)
        )
        await graph.messages(1)
        await graph.reset()
        outcome = await deliver(
            Load(port=channel.port, deliveries=_MESSAGES, connections=_MESSAGES, users=1)
        )
        sent = await graph.messages(_MESSAGES)
        return max(call.answered_at for call in sent) - outcome.started_at


def _line(theirs: float, ours: float, where: tuple[str, ...] = ()) -> Line:
    return Line(
        what="4 messages of one user at once, 50 ms of work each: last reply",
        baseline=Quantity(theirs, "s"),
        baseline_is="Rasa's `facebook` channel",
        ours=Quantity(ours, "s"),
        goal=_GOAL,
        where=where,
    )
