"""900 handovers on a Page whose Graph takes 7 s end together, and with them one on another Page.

The row measures how late Rasa is told of that one's end. The baseline is a run in which it is the
only one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from channels.core.events import Thread
from channels.core.sessions.session import Session
from channels.core.settings.settings import parse_settings
from channels.engine.engine import Engine
from channels.graph.http import HttpGraph
from channels.instruments.clock import SystemClock
from channels.store.sql import SqlStore

from ...figures.results import Bound, Goal, Line, Quantity, Row, Size
from ...material.assistants import FollowingUp
from ...material.credentials import APP_ID, TOKEN, section
from ...material.deliveries import SECRET
from ...material.scratch import scratch, sqlite
from ...material.stored_sessions import active_session, active_sessions, fill
from ...processes.graph import running_graph
from ...processes.graph_stub import PAGE

_SLOW, _FAST = timedelta(seconds=7), timedelta(milliseconds=50)
_OTHER = Thread(page="333000333000333", user="3000000000")
_FIRST_DUE_IN = timedelta(seconds=4)
_LOOK_INTERVAL = timedelta(milliseconds=10)
_GOAL = Goal(Bound.AT_MOST, 1)


async def measure(size: Size) -> Row:
    slow = size.of(full=900, quick=50)
    with scratch() as directory:
        alone = await _lateness(directory, sqlite(directory, "alone"), slow=0)
        ours = await _lateness(directory, sqlite(directory), slow=slow)
    line = Line(
        what=f"{slow} handovers of a Page whose Graph takes 7 s end: lateness of another Page's",
        baseline=Quantity(alone, "s"),
        baseline_is="it alone",
        ours=Quantity(ours, "s"),
        goal=_GOAL,
    )
    return Row(lines=(line,))


async def _lateness(directory: Path, url: str, *, slow: int) -> float:
    """Seconds."""
    assistant = FollowingUp(slow + 1)
    async with (
        running_graph(directory, wait=_SLOW) as slow_graph,
        running_graph(directory, wait=_FAST) as fast_graph,
    ):
        first_end = datetime.now(timezone.utc) + _FIRST_DUE_IN
        last_end = first_end + timedelta(seconds=1)
        fill(url, _sessions(slow, first_end=first_end, last_end=last_end))
        engine = _engine(url, assistant, {PAGE: slow_graph.url, _OTHER.page: fast_graph.url})
        await engine.start()
        if datetime.now(timezone.utc) > first_end:
            raise AssertionError("The sessions were due before the engine ran.")
        sender_id = f"{_OTHER.page}:{_OTHER.user}"
        while sender_id not in assistant.ended_at:  # noqa: ASYNC110 (a benchmark's own look)
            await asyncio.sleep(_LOOK_INTERVAL.total_seconds())
        await engine.stop()
    return assistant.ended_at[sender_id] - last_end.timestamp()


def _sessions(slow: int, *, first_end: datetime, last_end: datetime) -> Sequence[Session]:
    one = active_session(slow, ends_at=last_end)
    apart = (last_end - first_end) / (slow + 1)
    return [
        *active_sessions(slow, first_end=first_end, apart=apart),
        msgspec.structs.replace(one, thread=_OTHER),
    ]


def _engine(url: str, assistant: FollowingUp, graph_urls: dict[str, str]) -> Engine:
    clock = SystemClock()
    given = section(graph_url=graph_urls[PAGE], store=url)
    del given["page-access-token"]
    pages = {page: {"page-access-token": f"{TOKEN}-{page}"} for page in graph_urls}
    return Engine(
        settings=parse_settings({**given, "pages": pages}),
        store=SqlStore(url, worker="worker"),
        graphs={
            page: HttpGraph(
                graph_url=graph_url,
                page_access_token=f"{TOKEN}-{page}",
                app_id=APP_ID,
                app_secret=SECRET,
                clock=clock,
            )
            for page, graph_url in graph_urls.items()
        },
        clock=clock,
        assistant=assistant,
    )
