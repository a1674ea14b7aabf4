"""`rasa` commands as children of a fork server, which are there in a second."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import psutil

from demo.processes import ProcessFailed, until_ok

PROGRAM = Path(__file__).with_name("fork_server.py")
IMPORT_LIMIT = timedelta(seconds=120)
START_LIMIT = timedelta(seconds=90)
STOP_GRACE = timedelta(seconds=20)


class ForkedCommand:
    """One `rasa` command that runs."""

    def __init__(self, name: str, pid: int, log: Path, ended: asyncio.Future[int]) -> None:
        self.name = name
        self.pid = pid
        self._log = log
        self._ended = ended

    @property
    def runs(self) -> bool:
        return not self._ended.done()

    async def answers(self, url: str) -> None:
        """Return once `url` answers 200; ProcessFailed if the command ends before."""
        try:
            ok = await until_ok(url, runs=lambda: self.runs, limit=START_LIMIT)
        except asyncio.TimeoutError:
            raise ProcessFailed(self._story(f"did not answer at {url} in time")) from None
        if not ok:
            raise ProcessFailed(self._story("ended instead of starting"))

    def workers(self) -> list[psutil.Process]:
        """The processes of its own that live, as Sanic starts them for SANIC_WORKERS above 1."""
        try:
            children = psutil.Process(self.pid).children()
            return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []

    async def ended(self) -> None:
        """Return once it has ended, for whatever reason."""
        await asyncio.shield(self._ended)

    async def succeeds(self) -> None:
        """Return once the command has ended well."""
        if await asyncio.shield(self._ended) != 0:
            raise ProcessFailed(self._story("failed"))

    async def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        self._signal(signal.SIGKILL)
        await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """Ask it to end (SIGTERM); kill it if it does not."""
        self._signal(signal.SIGTERM)
        try:
            limit = STOP_GRACE.total_seconds()
            await asyncio.wait_for(asyncio.shield(self._ended), limit)
        except asyncio.TimeoutError:
            await self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _story(self, what: str) -> str:
        end = self._log.read_text(errors="replace")[-3000:]
        return f"{self.name} {what}. The end of {self._log}:\n{end}"


class ForkServer:
    """Starts commands by `fork_server.py`; `lease` shortens the claims of the plugin's workers."""

    def __init__(self, *, directory: Path, logs: Path, lease: timedelta | None = None) -> None:
        self._directory = directory
        self._logs = logs
        self._lease = lease
        self._child: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._started: asyncio.Queue[tuple[int, asyncio.Future[int]]] = asyncio.Queue()
        self._forking = asyncio.Lock()
        self._ends: dict[int, asyncio.Future[int]] = {}

    async def start(self, environment: Mapping[str, str]) -> None:
        """Import everything; this takes about ten seconds of CPU."""
        lease = [] if self._lease is None else ["--lease-seconds", f"{self._lease.total_seconds()}"]
        with (self._logs / "fork_server.log").open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, str(PROGRAM), *lease),
                cwd=self._directory,
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._reading = asyncio.create_task(self._read(self._child))
        await asyncio.wait_for(self._ready, IMPORT_LIMIT.total_seconds())

    async def fork(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> ForkedCommand:
        """Start `rasa` with these arguments; what it prints is added to `<name>.log`."""
        log = self._logs / f"{name}.log"
        log.touch()
        command = {
            "arguments": list(arguments),
            "environment": dict(environment or {}),
            "directory": str(self._directory),
            "log": str(log),
        }
        async with self._forking:
            self._ask(command)
            pid, ended = await self._started.get()
        return ForkedCommand(name, pid, log, ended)

    async def stop(self) -> None:
        """End all commands that still run, and the server."""
        if self._child is None or self._child.stdin is None:
            return
        self._child.stdin.close()
        await self._child.wait()
        if self._reading is not None:
            await self._reading

    def _ask(self, command: Mapping[str, object]) -> None:
        if self._child is None or self._child.stdin is None or self._child.returncode is not None:
            raise ProcessFailed(f"The fork server does not run; see {self._logs}/fork_server.log.")
        self._child.stdin.write(json.dumps(command).encode() + b"\n")

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            self._take(json.loads(line))
        if not self._ready.done():
            self._ready.set_exception(
                ProcessFailed(f"The fork server ended; see {self._logs}/fork_server.log.")
            )

    def _take(self, answer: dict[str, int]) -> None:
        if "started" in answer:
            pid = answer["started"]
            self._ends[pid] = asyncio.get_running_loop().create_future()
            self._started.put_nowait((pid, self._ends[pid]))
        elif "ended" in answer:
            self._ends.pop(answer["ended"]).set_result(answer["status"])
        else:
            self._ready.set_result(None)
