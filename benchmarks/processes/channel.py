"""A channel that runs in a separate process, and what it can be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession

from demo.processes import free_port

from ..figures.stalls import PATH
from .children import running

_ANSWERS_AT = {
    "bare": PATH,
    "facebook": "/webhooks/facebook/",
    "messenger": "/webhooks/facebook/",
    "rest": "/webhooks/rest/",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningChannel:
    """Where a channel takes deliveries."""

    port: int

    async def longest_stall(self) -> timedelta:
        """The longest stall of its event loop since any figure was last requested."""
        return timedelta(seconds=(await self._figures())["seconds"])

    async def cores(self) -> float:
        """The share of a core that it has taken since any figure was last requested."""
        return (await self._figures())["cores"]

    async def _figures(self) -> dict[str, float]:
        url = f"http://127.0.0.1:{self.port}{PATH}"
        async with ClientSession() as http, http.get(url) as answer:
            figures: dict[str, float] = await answer.json()
            return figures


@asynccontextmanager
async def running_channel(
    name: str, directory: Path, **options: object
) -> AsyncIterator[RunningChannel]:
    """`facebook`, `messenger`, `rest` or `bare`, with the options of `channel_server`.

    An option that is None is left out.
    """
    port = free_port()
    given = [
        text
        for option, value in options.items()
        if value is not None
        for text in (f"--{option.replace('_', '-')}", str(value))
    ]
    async with running(
        "benchmarks.processes.channel_server",
        *("--channel", name, "--port", str(port), *given),
        answers_at=f"http://127.0.0.1:{port}{_ANSWERS_AT[name]}",
        directory=directory,
    ):
        yield RunningChannel(port=port)
