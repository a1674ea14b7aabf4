"""Two `rasa run` over one PostgreSQL and one Redis, behind a load balancer, with the emulator."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import yaml
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from demo.platform import EmulatedPlatform
from demo.processes import Process, free_port, until_ok
from demo.stack import CHANNEL, PROJECT
from tests.chaos.assistant.counted_actions import RUNS
from tests.chaos.cast import AGENTS, BOT, PAGE
from tests.chaos.chaos_assistant import trained_model
from tests.chaos.fork_server import CLOCK_AHEAD
from tests.chaos.forks import ForkedCommand, ForkServer
from tests.chaos.front import Front
from tests.chaos.gathering import at_work
from tests.chaos.servers import PostgreSql, Redis

ADMIN_TOKEN = "the-bots-admin-token"
ACTIONS = "tests.chaos.assistant.counted_actions"
ROUTES = "/webhooks/facebook"
ENDPOINTS = PROJECT / "deploy" / "endpoints.yml"
RESTART_PAUSE = timedelta(seconds=1)
CLOCKS_APART = timedelta(seconds=90)  # of the replicas' machines
START_LIMIT = timedelta(seconds=90)
LOOK_INTERVAL = timedelta(milliseconds=100)
WEBHOOK_LANES = 16
WEBHOOK_PAUSES_MS = [0, 250, 500, 1_000, *[2_000] * 60]  # Meta tries for an hour
ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONUNBUFFERED": "1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


class Replica:
    """One of the `rasa run`, and the supervisor that starts it again whenever it ends.

    It keeps its port however often that is.
    """

    def __init__(
        self, name: str, forks: ForkServer, arguments: list[str], environment: dict[str, str]
    ) -> None:
        self.name = name
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._forks = forks
        self._arguments = [*arguments, "--port", str(port)]
        self._environment = environment
        self._command: ForkedCommand | None = None
        self._supervising: asyncio.Task[None] | None = None
        self._pause = RESTART_PAUSE

    @property
    def runs(self) -> bool:
        return self._command is not None and self._command.runs

    def workers(self) -> list[psutil.Process]:
        """Its processes for SANIC_WORKERS above 1; none while it starts."""
        return self._command.workers() if self._command is not None and self.runs else []

    async def figure(self, name: str, **labels: str) -> float:
        """A metric of the plugin's as this replica shows it; 0 if it does not."""
        async with ClientSession() as http, http.get(f"{self.url}{ROUTES}/metrics") as answer:
            page = await answer.text()
        samples = chain.from_iterable(one.samples for one in text_string_to_metric_families(page))
        name = f"rasa_handover_{name}"
        return sum(one.value for one in samples if (one.name, one.labels) == (name, labels))

    def start(self) -> None:
        self._supervising = asyncio.create_task(self._supervise())

    async def ready(self) -> None:
        """Return once its channel takes deliveries."""
        status = f"{self.url}{ROUTES}/"  # its health is red for a while after each outage
        await until_ok(status, runs=lambda: self._supervising is not None, limit=START_LIMIT)

    async def kill(self, *, back_after: timedelta) -> None:
        """End it at once (SIGKILL), as a crash would."""
        self._pause = back_after
        if self._command is not None:
            await self._command.kill()

    def stand_still(self) -> Callable[[], None]:
        """Stop all its processes (SIGSTOP), as a frozen machine would; call what is returned to
        let those go on that live."""
        assert self._command is not None
        stopped = [psutil.Process(self._command.pid), *self.workers()]
        for process in stopped:
            _signal(process, signal.SIGSTOP)

        def go_on() -> None:
            for process in stopped:
                _signal(process, signal.SIGCONT)

        return go_on

    async def stop(self) -> None:
        """End it for good, as a stop of the service would (SIGTERM)."""
        supervising, self._supervising = self._supervising, None
        if supervising is not None:
            supervising.cancel()
            await asyncio.gather(supervising, return_exceptions=True)
        if self._command is not None:
            await self._command.stop()

    async def _supervise(self) -> None:
        while True:
            self._command = await self._forks.fork(self.name, self._arguments, self._environment)
            self._pause = RESTART_PAUSE
            await self._command.ended()
            await asyncio.sleep(self._pause.total_seconds())


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


class ChaosStack:
    """Runs it all, with its files and logs in `directory`.

    `plans` are those of credentials.yml, `users` the ids of the people. `lease` shortens the
    claims of a killed worker, and Rasa's locks with them. Each of the `replicas` has as many
    processes as `sanic_workers`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        plans: dict[str, dict[str, Any]],
        users: list[str],
        lease: timedelta | None = None,
        replicas: int = 2,
        sanic_workers: int = 1,
    ) -> None:
        self._directory = directory
        self._plans = plans
        self._users = users
        self._environment = {**ENVIRONMENT, "SANIC_WORKERS": str(sanic_workers)}
        if lease is not None:
            self._environment["TICKET_LOCK_LIFETIME"] = str(round(lease.total_seconds()))
        if sanic_workers > 1:  # looked at when prometheus_client is imported
            self._environment["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
        self._actions_port = free_port()
        self._forks = ForkServer(directory=PROJECT, logs=directory, lease=lease)
        self._model = directory / "none yet"
        self.action_runs = directory / "action_runs.jsonl"
        self.postgresql = PostgreSql(directory)
        self.redis = Redis(directory)
        self._emulator = Process("emulator", directory=PROJECT, log=directory / "emulator.log")
        self.platform = EmulatedPlatform(f"http://127.0.0.1:{free_port()}")
        self.replicas: list[Replica] = []
        self._count = replicas
        self._sanic_workers = sanic_workers
        self.front: Front | None = None

    async def __aenter__(self) -> ChaosStack:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start everything; returns once the bot can be written to, and all its workers are up."""
        await asyncio.gather(
            self._forks.start(self._environment),
            self.postgresql.start(),
            self.redis.start(),
            self._start_emulator(),
        )
        self._model = await trained_model(self._forks, self._directory)
        await self._start_actions()
        await self._start_replicas()

    async def stop(self) -> None:
        """Stop everything that runs."""
        await asyncio.gather(*(replica.stop() for replica in self.replicas))
        if self.front is not None:
            await self.front.stop()
        await self._forks.stop()
        await self.platform.close()
        await self._emulator.stop()
        await self.redis.stop()
        await self.postgresql.close()

    @property
    def url(self) -> str:
        """Where the channel's routes are, at the load balancer."""
        assert self.front is not None
        return f"{self.front.url}{ROUTES}"

    async def _start_actions(self) -> None:
        self.action_runs.touch()
        actions = ["run", "actions", "--actions", ACTIONS, "--port", str(self._actions_port)]
        environment = {**self._environment, RUNS: str(self.action_runs)}
        await (await self._forks.fork("actions", actions, environment)).answers(
            self._actions_url("health")
        )

    async def _start_emulator(self) -> None:
        port = self.platform.url.rsplit(":", 1)[1]
        config = self._directory / "emulator.json"
        config.write_text(json.dumps(emulator_config(self._users)))
        command = [*(sys.executable, "-m", "emulator"), "--port", port, "--config", str(config)]
        await self._emulator.start(command, ENVIRONMENT)
        await self._emulator.answers(f"{self.platform.url}/_emulator/config")

    async def _start_replicas(self) -> None:
        front_port = free_port()
        await self.platform.open(bot_webhook=f"http://127.0.0.1:{front_port}{ROUTES}/webhook")
        arguments = ["run", "--model", str(self._model), "--interface", "127.0.0.1"]
        arguments += ["--credentials", str(self._write_credentials())]
        arguments += ["--endpoints", str(ENDPOINTS)]
        environment = {
            **self._environment,
            **self.postgresql.environment,
            **self.redis.environment,
            "ACTIONS_URL": self._actions_url("webhook"),
        }
        self.replicas = [
            Replica(
                name := f"replica_{number}",
                self._forks,
                arguments,
                {
                    **environment,
                    **self._figures_of(name),
                    CLOCK_AHEAD: str(number * CLOCKS_APART.total_seconds()),
                },
            )
            for number in range(self._count)
        ]
        self.front = Front(front_port, [replica.url for replica in self.replicas])
        await self.front.start()
        for replica in self.replicas:
            replica.start()
        await asyncio.gather(*(replica.ready() for replica in self.replicas))
        await asyncio.wait_for(self._all_at_work(), START_LIMIT.total_seconds())

    def _figures_of(self, replica: str) -> dict[str, str]:
        """Where a replica's processes keep their metrics for each other."""
        if self._sanic_workers == 1:
            return {}
        figures = self._directory / f"figures_of_{replica}"
        figures.mkdir()
        return {"PROMETHEUS_MULTIPROC_DIR": str(figures)}

    async def _all_at_work(self) -> None:
        """One process of a replica answers for all of them while the others still load."""
        count = 0
        while count < self._count * self._sanic_workers:
            await asyncio.sleep(LOOK_INTERVAL.total_seconds())
            count = await asyncio.to_thread(at_work, self.postgresql.url)

    def _write_credentials(self) -> Path:
        bot = self.platform.bot
        channel = {
            "verify": bot.verify_token,
            "secret": bot.secret,
            "page-access-token": bot.page_access_token,
            "app-id": bot.id,
            "graph-url": f"{self.platform.url}/v25.0",
            "store": self.postgresql.url,
            "admin-token": ADMIN_TOKEN,
            "transcript": True,
            "on-failure": "off",  # the judge knows what becomes of a poison message
            "plans": self._plans,
        }
        file = self._directory / "credentials.yml"
        file.write_text(yaml.safe_dump({CHANNEL: channel}))
        return file

    def _actions_url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._actions_port}/{path}"


def emulator_config(users: list[str]) -> dict[str, Any]:
    """The emulator's page and apps with these people; deliveries are tried for two minutes."""
    return {
        "page": {"id": PAGE, "name": "Page of the chaos run"},
        "apps": [
            {**_app(BOT, "Bot"), "default": True},
            _app(AGENTS, "Agents' desk"),
        ],
        "users": [{"id": user, "name": f"User {user}"} for user in users],
        "delivery": {"retry_after_ms": WEBHOOK_PAUSES_MS, "lanes": WEBHOOK_LANES},
    }


def _app(app_id: str, name: str) -> dict[str, Any]:
    secrets = ("secret", "verify_token", "page_access_token")
    return {"id": app_id, "name": name, **{key: f"{key}-of-{app_id}" for key in secrets}}
