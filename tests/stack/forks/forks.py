"""Processes that are children of a fork server, and there in a second."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import psutil

from demo.processes import Process, ProcessFailed

PROGRAM = Path(__file__).with_name("fork_server.py")
IMPORT_LIMIT = timedelta(seconds=120)


class ForkedChild:
    """One command that runs, as asyncio shows a subprocess."""

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)


class ForkServer:
    """Starts commands by `fork_server.py`, in `directory`; what it says itself goes to `log`."""

    def __init__(self, *, directory: Path, log: Path) -> None:
        self._directory = directory
        self._log = log
        self._child: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._started: asyncio.Queue[ForkedChild | None] = asyncio.Queue()  # None: no more
        self._forking = asyncio.Lock()
        self._ends: dict[int, asyncio.Future[int]] = {}

    async def start(self, environment: Mapping[str, str]) -> None:
        """Import everything; this takes five to fifteen seconds of CPU."""
        with self._log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, str(PROGRAM)),
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
        self,
        module: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
    ) -> ForkedChild:
        """Run a module as `python -m` does; what it prints is added to `log`."""
        await asyncio.to_thread(log.touch)
        command = {
            "module": module,
            "arguments": list(arguments),
            "environment": dict(environment),
            "directory": str(directory),
            "log": str(log),
        }
        async with self._forking:
            self._ask(command)
            child = await self._started.get()
        if child is None:
            raise self._has_ended()
        return child

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
            raise self._has_ended()
        self._child.stdin.write(json.dumps(command).encode() + b"\n")

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            self._take(json.loads(line))
        self._started.put_nowait(None)
        if not self._ready.done():
            self._ready.set_exception(self._has_ended())

    def _has_ended(self) -> ProcessFailed:
        return ProcessFailed(f"The fork server does not run; see {self._log}.")

    def _take(self, answer: dict[str, int]) -> None:
        if "started" in answer:
            pid = answer["started"]
            self._ends[pid] = asyncio.get_running_loop().create_future()
            self._started.put_nowait(ForkedChild(pid, self._ends[pid]))
        elif "ended" in answer:
            self._ends.pop(answer["ended"]).set_result(answer["status"])
        else:
            self._ready.set_result(None)


class ForkedProcess(Process):
    """A Python module as a process, which a fork server starts."""

    def __init__(self, name: str, *, forks: ForkServer, directory: Path, log: Path) -> None:
        super().__init__(name, directory=directory, log=log)
        self._forks = forks

    async def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """`command` is what a shell would run: this Python, `-m`, a module and its arguments."""
        python, option, module, *arguments = command
        assert (python, option) == (sys.executable, "-m"), command
        self._child = await self._forks.fork(
            module, arguments, environment=environment, directory=self._directory, log=self.log
        )

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def workers(self) -> list[psutil.Process]:
        """The processes of its own that live, as Sanic starts them for SANIC_WORKERS above 1."""
        try:
            children = psutil.Process(self.pid).children()
            return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []
