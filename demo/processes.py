"""A child process whose output goes to a file, and which ends when its owner does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from aiohttp import ClientError, ClientSession, ClientTimeout
from async_timeout import timeout

STOP_GRACE = timedelta(seconds=20)
START_LIMIT = timedelta(seconds=120)
_LOOK_INTERVAL = timedelta(milliseconds=100)
_PORTS = range(11_000, 32_000)  # Linux takes connections' own ports from higher ones
_promised: list[socket.socket] = []


class ProcessFailed(Exception):
    """A process ended, or did not start in time; the message has the end of its output."""


class Child(Protocol):
    """A process of the operating system, as asyncio presents it."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...


class Process:
    """One command in a process group of its own, so that all of it can be stopped at once."""

    def __init__(self, name: str, *, directory: Path, log: Path) -> None:
        self.name = name
        self._directory = directory
        self.log = log
        self._child: Child | None = None

    async def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        with self.log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._directory,
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def answers(self, url: str) -> None:
        """Return once `url` answers 200. Raises ProcessFailed if the process ends before that."""
        try:
            ok = await until_ok(url, runs=lambda: self.runs, limit=START_LIMIT)
        except asyncio.TimeoutError:
            raise ProcessFailed(self._story(f"did not answer at {url} in time")) from None
        if not ok:
            raise ProcessFailed(self._story("ended instead of starting"))

    async def stop(self) -> None:
        """Ask the process to end (SIGTERM); kill it if it does not."""
        if not self._signal(signal.SIGTERM):
            return
        try:
            await asyncio.wait_for(self._ended(), STOP_GRACE.total_seconds())
        except asyncio.TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        if self._signal(signal.SIGKILL):
            await self._ended()

    async def exit_code(self) -> int:
        """The status that the process ends with."""
        return await self._ended()

    async def succeeds(self) -> None:
        """Return once it has ended with status 0. Raises ProcessFailed if it ends otherwise."""
        if await self._ended() != 0:
            raise ProcessFailed(self._story("failed"))

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def runs(self) -> bool:
        return self._child is not None and self._child.returncode is None

    def _signal(self, number: signal.Signals) -> bool:
        if self._child is None or not self.runs:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)
        return True

    async def _ended(self) -> int:
        if self._child is None:
            raise ProcessFailed(f"{self.name} was never started.")
        return await self._child.wait()

    def _story(self, what: str) -> str:
        return f"{self.name} {what}. The end of its output:\n{self.output[-3000:]}"


async def until_ok(url: str, *, runs: Callable[[], bool], limit: timedelta) -> bool:
    """True once `url` answers 200; False as soon as the process that should answer has ended.

    Raises asyncio.TimeoutError after the limit.
    """
    patience = timeout(limit.total_seconds())
    async with ClientSession(timeout=ClientTimeout(total=5)) as http, patience:
        while runs():
            with contextlib.suppress(ClientError, asyncio.TimeoutError):
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return True
            await asyncio.sleep(_LOOK_INTERVAL.total_seconds())
    return False


def is_free(port: int) -> bool:
    """Whether nothing listens on this TCP port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A TCP port that nothing listens on now, and that no connection is given by chance.

    It is promised once: a UDP socket of the same number, which is in no server's way, keeps it from
    whoever asks for a port while this process runs, in this process or another one.
    """
    while True:
        port = _PORTS[secrets.randbelow(len(_PORTS))]
        if is_free(port) and _promise(port):
            return port


def _promise(port: int) -> bool:
    promise = socket.socket(type=socket.SOCK_DGRAM)
    try:
        promise.bind(("127.0.0.1", port))
    except OSError:
        promise.close()
        return False
    _promised.append(promise)
    return True
