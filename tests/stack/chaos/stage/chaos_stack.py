"""Two `rasa run` over one PostgreSQL and one Redis, behind a load balancer, with the emulator."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from demo.platform import EmulatedPlatform
from demo.processes import Process, free_port
from demo.stack import CHANNEL, PROJECT
from tests.stack.chaos.play.cast import AGENTS, BOT, PAGE
from tests.stack.chaos.play.scripted_courses import DEATHS
from tests.stack.chaos.play.team import Team
from tests.stack.chaos.stage.assistant.counted_actions import RUNS
from tests.stack.chaos.stage.chaos_assistant import write_assistant
from tests.stack.chaos.stage.front import Front
from tests.stack.chaos.stage.servers import PostgreSql, Redis
from tests.stack.chaos.stage.services import ROUTES, START_LIMIT, Replica, Service
from tests.stack.chaos.verdict.gathering import at_work
from tests.stack.forks.fork_server import CLOCK_AHEAD, LEASE, LOCK_LIFETIME
from tests.stack.forks.forks import ForkedProcess, ForkServer
from tests.stack.forks.training import trained_model

ADMIN_TOKEN = "the-bots-admin-token"
ACTIONS = "tests.stack.chaos.stage.assistant.counted_actions"
ENDPOINTS = PROJECT / "deploy" / "endpoints.yml"
CLOCKS_APART = timedelta(seconds=90)  # of the replicas' machines
LOOK_INTERVAL = timedelta(milliseconds=100)
WEBHOOK_LANES = 16
WEBHOOK_PAUSES_MS = [0, 250, 500, 1_000, *[2_000] * 60]  # Meta tries for an hour
ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONUNBUFFERED": "1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


class ChaosStack:
    """Runs it all, with its files and logs in `directory`.

    `forks`, which has started, starts what is Rasa's. `plans` are those of credentials.yml, `users`
    the ids of the people. `lease` shortens the claims of a killed worker, and Rasa's locks with
    them. Each of the `replicas` has as many processes as `sanic_workers`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        forks: ForkServer,
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
            self._environment[LOCK_LIFETIME] = str(round(lease.total_seconds()))
            self._environment[LEASE] = str(lease.total_seconds())
        self._forks = forks
        self._model = directory / "none yet"
        self.action_runs = directory / "action_runs.jsonl"
        self.deaths = directory / "deaths.jsonl"
        self.team = Team()
        self.postgresql = PostgreSql(directory)
        self.redis = Redis(directory)
        self._emulator = Process("emulator", directory=PROJECT, log=directory / "emulator.log")
        self.platform = EmulatedPlatform(f"http://127.0.0.1:{free_port()}")
        self.actions = Service(
            self._process("actions"),
            ["run", "actions", "--actions", ACTIONS],
            {**self._environment, RUNS: str(self.action_runs)},
        )
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
            self.postgresql.start(),
            self.redis.start(),
            self._start_emulator(),
            self.team.start(),
        )
        write_assistant(self._directory / "assistant")
        self._model = await trained_model(self._forks, self._directory / "assistant")
        await self._start_actions()
        await self._start_replicas()

    async def stop(self) -> None:
        """Stop everything that runs."""
        await asyncio.gather(*(replica.stop() for replica in self.replicas))
        await self.actions.stop()
        await self.team.stop()
        if self.front is not None:
            await self.front.stop()
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
        self.deaths.touch()
        self.actions.start()
        await self.actions.ready()

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
            "ACTIONS_URL": f"{self.actions.url}/webhook",
            DEATHS: str(self.deaths),
        }
        self.replicas = [
            Replica(
                self._process(f"replica_{number}"),
                arguments,
                {
                    **environment,
                    **self._figures_of(f"replica_{number}"),
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

    def _process(self, name: str) -> ForkedProcess:
        log = self._directory / f"{name}.log"
        return ForkedProcess(name, forks=self._forks, directory=PROJECT, log=log)

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
            "on-failure": "short",
            "notify": [self.team.settings],
            "plans": self._plans,
        }
        file = self._directory / "credentials.yml"
        file.write_text(yaml.safe_dump({CHANNEL: channel}))
        return file


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
