"""`rasa` commands that are started again whenever they end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import chain

import psutil
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from demo.processes import free_port, until_ok
from tests.stack.forks.forks import ForkedProcess

ROUTES = "/webhooks/facebook"
RESTART_PAUSE = timedelta(seconds=1)
START_LIMIT = timedelta(seconds=90)


class Service:
    """A `rasa` command, and the supervisor that starts it again whenever it ends.

    It keeps its port however often that is; `status` is a path that answers once it is ready.
    """

    status = "/health"

    def __init__(
        self, process: ForkedProcess, arguments: list[str], environment: Mapping[str, str]
    ) -> None:
        self.name = process.name
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = process
        self._command = [sys.executable, "-m", "rasa", *arguments, "--port", str(port)]
        self._environment = environment
        self._supervising: asyncio.Task[None] | None = None
        self._pause = RESTART_PAUSE

    @property
    def runs(self) -> bool:
        return self._process.runs

    def start(self) -> None:
        self._supervising = asyncio.create_task(self._supervise())

    async def ready(self) -> None:
        """Return once it answers."""
        status, runs = f"{self.url}{self.status}", lambda: self._supervising is not None
        await until_ok(status, runs=runs, limit=START_LIMIT)

    async def kill(self, *, back_after: timedelta) -> None:
        """End it at once (SIGKILL), as a crash would."""
        self._pause = back_after
        await self._process.kill()

    async def stop(self) -> None:
        """End it for good, as a stop of the service would (SIGTERM)."""
        supervising, self._supervising = self._supervising, None
        if supervising is not None:
            supervising.cancel()
            await asyncio.gather(supervising, return_exceptions=True)
        await self._process.stop()

    async def _supervise(self) -> None:
        while True:
            await self._process.start(self._command, self._environment)
            self._pause = RESTART_PAUSE
            await self._process.exit_code()
            await asyncio.sleep(self._pause.total_seconds())


class Replica(Service):
    """One of the `rasa run`."""

    status = f"{ROUTES}/"  # its health is red for a while after each outage

    def workers(self) -> list[psutil.Process]:
        """Its processes for SANIC_WORKERS above 1; none while it starts."""
        return self._process.workers() if self.runs else []

    async def figure(self, name: str, **labels: str) -> float:
        """A metric of the plugin's as this replica shows it; 0 if it does not."""
        async with ClientSession() as http, http.get(f"{self.url}{ROUTES}/metrics") as answer:
            page = await answer.text()
        samples = chain.from_iterable(one.samples for one in text_string_to_metric_families(page))
        name = f"rasa_handover_{name}"
        return sum(one.value for one in samples if (one.name, one.labels) == (name, labels))

    def stand_still(self) -> Callable[[], None]:
        """Stop all its processes (SIGSTOP), as a frozen machine would; call what is returned to
        let those go on that live."""
        stopped = [psutil.Process(self._process.pid), *self.workers()]
        for process in stopped:
            _signal(process, signal.SIGSTOP)

        def go_on() -> None:
            for process in stopped:
                _signal(process, signal.SIGCONT)

        return go_on


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
