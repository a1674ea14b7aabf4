"""The Graph stub in a separate process, and what it has recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
from aiohttp import ClientSession

from demo.processes import free_port

from .children import running
from .graph_stub import MESSAGE, Call

_LOOK_INTERVAL = timedelta(milliseconds=50)
_MOST_TIME = timedelta(minutes=5)


class NotCalled(Exception):
    """The messages that were waited for did not come in time."""


class RunningGraph:
    """The stub, as seen by a measurement."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/v25.0"
        self._control = f"http://127.0.0.1:{port}/_stub"

    async def calls(self) -> list[Call]:
        """Every call since the last `reset`."""
        async with ClientSession() as http, http.get(f"{self._control}/calls") as answer:
            return msgspec.json.decode(await answer.read(), type=list[Call])

    async def reset(self) -> None:
        """Forget the calls so far."""
        async with ClientSession() as http, http.get(f"{self._control}/reset") as answer:
            await answer.read()

    async def messages(self, count: int) -> list[Call]:
        """All messages that were taken, once there are this many. Raises NotCalled if they don't
        come.
        """
        deadline = asyncio.get_running_loop().time() + _MOST_TIME.total_seconds()
        async with ClientSession() as http:
            while (taken := await self._messages_so_far(http)) < count:
                if asyncio.get_running_loop().time() > deadline:
                    raise NotCalled(f"{taken} of {count} messages have come.")
                await asyncio.sleep(_LOOK_INTERVAL.total_seconds())
        return [call for call in await self.calls() if call.kind == MESSAGE and not call.refused]

    async def _messages_so_far(self, http: ClientSession) -> int:
        async with http.get(f"{self._control}/messages") as answer:
            return int(await answer.read())


@asynccontextmanager
async def running_graph(
    directory: Path,
    *,
    wait: timedelta,
    sends_a_second: int | None = None,
    refused_token: str | None = None,
) -> AsyncIterator[RunningGraph]:
    """A Graph that answers after `wait`."""
    graph = RunningGraph(free_port())
    options = ["--port", str(graph.port), "--wait-ms", str(wait / timedelta(milliseconds=1))]
    if sends_a_second is not None:
        options += ["--sends-a-second", str(sends_a_second)]
    if refused_token is not None:
        options += ["--refused-token", refused_token]
    answers_at = f"http://127.0.0.1:{graph.port}/_stub/reset"
    async with running(
        "benchmarks.processes.graph_stub", *options, answers_at=answers_at, directory=directory
    ):
        yield graph
