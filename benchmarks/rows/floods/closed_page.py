"""200,000 messages wait behind a Page whose token Meta refuses: what that costs the other Page.

The channel serves two Pages. What the bot has said on one of them can't be sent; on the other,
users write to agents, 100 messages a second. The row measures the share of a core that the channel
takes, and the time to acknowledge. The baseline is a run in which nothing waits.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from channels.core.events import Thread
from channels.core.records.outgoing import Outgoing
from channels.core.sessions.session import Cause
from channels.store.sql import SqlStore

from ...figures.percentiles import percentile
from ...figures.results import Bound, Goal, Line, Measured, Quantity, Row, Size
from ...material.credentials import TOKEN
from ...material.databases import Databases, Kind, databases, tidy
from ...material.deliveries import Kind as Delivered
from ...material.scratch import scratch
from ...material.stored_sessions import PLAN, active_sessions, fill
from ...processes.channel import running_channel
from ...processes.graph import running_graph
from ...processes.graph_stub import PAGE
from ...processes.load import Load, deliver

_CLOSED_PAGE = "222000222000222"
_REFUSED_TOKEN = "refused-token-of-the-benchmarks"  # noqa: S105  # nobody else's
_PAGES = {
    PAGE: {"page-access-token": TOKEN},
    _CLOSED_PAGE: {"page-access-token": _REFUSED_TOKEN},
}
_SETTINGS = {"page-access-token": None, "pages": _PAGES}
_THREADS = 20_000  # in which all of that was said
_AT_ONCE = 2_000  # messages that are stored together
_SESSIONS = 1_000
_A_SECOND = 100
_GOAL = Goal(Bound.AT_MOST, 1.5, Measured.RATIO)


async def measure(size: Size) -> Row:
    waiting = size.of(full=200_000, quick=2_000)
    lasts = timedelta(seconds=size.of(full=10, quick=2))
    lines: list[Line] = []
    with scratch() as directory, databases(directory) as made:
        for kind in Kind:
            nothing = await _run(directory, made, kind, waiting=0, lasts=lasts)
            ours = await _run(directory, made, kind, waiting=waiting, lasts=lasts)
            what = f"{waiting:,} messages behind a closed Page, {kind.value}"
            for named, baseline, figure in zip(
                ("share of a core", "p90 of acknowledging 100/s"), nothing, ours, strict=True
            ):
                lines.append(
                    Line(
                        what=f"{what}: {named}",
                        baseline=baseline,
                        baseline_is="nothing waits",
                        ours=figure,
                        goal=_GOAL,
                    )
                )
    return Row(lines=tuple(lines))


async def _run(
    directory: Path, made: Databases, kind: Kind, *, waiting: int, lasts: timedelta
) -> tuple[Quantity, Quantity]:
    """The share of a core, and the p90 of the time to acknowledge."""
    url = made.new(kind)
    first_end = datetime.now(timezone.utc) + PLAN.timeout
    fill(url, active_sessions(_SESSIONS, first_end=first_end, apart=timedelta()))
    await _say(url, waiting)
    async with (
        running_graph(directory, wait=timedelta(), refused_token=_REFUSED_TOKEN) as graph,
        running_channel(
            "messenger", directory, graph=graph.url, store=url, settings=json.dumps(_SETTINGS)
        ) as channel,
    ):
        await deliver(_load(channel.port, timedelta(seconds=3)))  # it learns which page is closed
        await channel.cores()
        outcome = await deliver(_load(channel.port, lasts))
        cores = await channel.cores()
    p90 = percentile(outcome.latencies, 90)
    return Quantity(cores * 100, "%"), Quantity(p90 * 1_000, "ms")


async def _say(url: str, count: int) -> None:
    """Store what a worker that is gone said on the closed Page."""
    store = SqlStore(url, worker="gone")
    await store.open()
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))
        await asyncio.gather(*(store.say(_message(one), in_hand=False) for one in numbers))
    await store.close()
    tidy(url)


def _message(number: int) -> Outgoing:
    now = datetime.now(timezone.utc)
    thread = Thread(page=_CLOSED_PAGE, user=f"{3_000_000_000 + number % _THREADS}")
    return Outgoing(
        thread=thread,
        turn=f"m_{number}",
        place=0,
        message={"text": "Hello! What can I do for you?"},
        mark=f"mark-{number}",
        response="The response utter_greet",
        cause=Cause(at=now, key=f"{_CLOSED_PAGE}/messaging/m_{number}"),
        said_at=now,
    )


def _load(port: int, lasts: timedelta) -> Load:
    return Load(
        port=port,
        deliveries=int(_A_SECOND * lasts.total_seconds()),
        connections=16,
        users=_SESSIONS,
        kind=Delivered.STANDBY,
        text="hello, I ordered two pairs of shoes and only one has arrived",
        a_second=_A_SECOND,
    )
