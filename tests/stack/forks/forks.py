"""Processes that are children of a fork server, and there in a second."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import psutil

from demo.processes import Process, ProcessFailed

PROGRAM = Path(__file__).with_name("fork_server.py")
IMPORT_LIMIT = timedelta(seconds=300)  # on a machine that has other things to do, too


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
    """Starts commands by `fork_server.py`, which all share that start one in the same `place`.

    That is a folder, for its socket and its log. Modules are found from `directory`.
    """

    def __init__(self, *, directory: Path, place: Path) -> None:
        self._directory = directory
        self.place = place
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._started: asyncio.Queue[ForkedChild | None] = asyncio.Queue()  # None: no more
        self._forking = asyncio.Lock()
        self._ends: dict[int, asyncio.Future[int]] = {}

    async def start(self, environment: Mapping[str, str]) -> None:
        """Let it import everything if it does not run yet: that takes five to fifteen
        seconds of CPU.

        It has the environment that whoever is first has named.
        """
        connection = await asyncio.to_thread(self._connected, environment)
        reader, self._writer = await asyncio.open_unix_connection(sock=connection)
        self._reading = asyncio.create_task(self._read(reader))
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
        """End all commands that still run here, and the server if nobody else has need of it."""
        if self._writer is None or self._reading is None:
            return
        if not self._reading.done():
            self._writer.write_eof()
        await self._reading
        self._writer.close()

    @property
    def _log(self) -> Path:
        return self.place / "fork_server.log"

    @property
    def _lock(self) -> Path:
        return self.place / "lock"

    def _connected(self, environment: Mapping[str, str]) -> socket.socket:
        """A connection to the one that runs, or to one that starts now."""
        self.place.mkdir(parents=True, exist_ok=True)
        path = self.place / "socket"
        connection = socket.socket(socket.AF_UNIX)
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                connection.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError):
                path.unlink(missing_ok=True)
                self._launch(path, connection, environment)
        return connection

    def _launch(
        self, path: Path, connection: socket.socket, environment: Mapping[str, str]
    ) -> None:
        with socket.socket(socket.AF_UNIX) as listening, self._log.open("ab") as log:
            listening.bind(str(path))
            listening.listen()
            connection.connect(str(path))
            subprocess.run(
                [sys.executable, str(PROGRAM), str(self._lock)],
                cwd=self._directory,
                env={**os.environ, **environment},
                stdin=listening.fileno(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=True,
            )

    def _ask(self, command: Mapping[str, object]) -> None:
        if self._writer is None or self._reading is None or self._reading.done():
            raise self._has_ended()
        self._writer.write(json.dumps(command).encode() + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            async for line in reader:
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
