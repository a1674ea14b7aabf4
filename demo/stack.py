"""Everything on one machine: the emulator, the action server, and `rasa run`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from .platform import EmulatedPlatform
from .processes import Process, free_port
from .rasa_ahead import EMULATOR_URL

PROJECT = Path(__file__).resolve().parent.parent
MODEL = PROJECT / "models" / "handover.tar.gz"
CHANNEL = "channels.MessengerInput"
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}

_EVERYTHING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s  %(message)s"}},
    "handlers": {"all": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["all"], "level": "DEBUG"},
    "loggers": {name: {"level": "DEBUG"} for name in ("channels", "rasa", "sqlalchemy", "asyncio")},
}


class Stack:
    """Runs the project's assistant against the emulator, with all state in `directory`.

    Use it with `async with`, which stops everything at the end. `change_channel` and
    `change_plan` set keys of credentials.yml for the next start of Rasa; the token, secrets and
    ids are the emulator's. Rasa can be killed and restarted.
    """

    def __init__(
        self,
        directory: Path,
        *,
        model: Path = MODEL,
        emulator_port: int | None = None,
        rasa_port: int | None = None,
    ) -> None:
        self._model = model
        self._directory = directory
        self._rasa_module = "rasa"
        self._actions_module = "actions"
        self._actions_environment: dict[str, str] = {}
        self._log_options: list[str] = []
        self._operator_token: str | None = None
        self._channel: dict[str, Any] = {}
        self._plans: dict[str, dict[str, Any]] = {}
        self._rasa_port = rasa_port or free_port()
        self._actions_port = free_port()
        self._actions_url = f"http://127.0.0.1:{self._actions_port}/webhook"
        self._emulator_port = emulator_port or free_port()
        self.emulator = self._process("emulator")
        self.actions = self._process("actions")
        self.rasa = self._process("rasa")
        self.platform = EmulatedPlatform(f"http://127.0.0.1:{self._emulator_port}")

    async def __aenter__(self) -> Stack:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def logs(self) -> dict[str, Path]:
        """Each process's log, by its name."""
        return {one.name: one.log for one in (self.emulator, self.actions, self.rasa)}

    @property
    def rasa_url(self) -> str:
        return f"http://127.0.0.1:{self._rasa_port}"

    @property
    def actions_port(self) -> int:
        return self._actions_port

    @property
    def channel_url(self) -> str:
        return f"{self.rasa_url}/webhooks/facebook"

    async def start(self) -> None:
        """Start everything; returns once the bot can be written to."""
        await self._start_emulator()
        await asyncio.gather(self._start_actions(), self.start_rasa())

    async def start_rasa(self) -> None:
        """Start `rasa run`; returns once its Messenger channel is ready."""
        self.write_files()
        await self.rasa.start(
            [
                *(sys.executable, "-m", self._rasa_module, "run", "--model", str(self._model)),
                *("--credentials", str(self.credentials), "--endpoints", str(self._endpoints)),
                *("--interface", "127.0.0.1", "--port", str(self._rasa_port), "--enable-api"),
                *self._log_options,
            ],
            {**QUIET, EMULATOR_URL: self.platform.url},
        )
        await self.rasa.answers(f"{self.channel_url}/")

    async def stop(self) -> None:
        """Stop everything that runs."""
        for process in (self.rasa, self.actions, self.emulator):
            await process.stop()
        await self.platform.close()

    def log_into(self, directory: Path) -> None:
        """Write the logs into a folder that stays, replacing those of the last run."""
        directory.mkdir(parents=True, exist_ok=True)
        for process in (self.emulator, self.actions, self.rasa):
            process.log = directory / f"{process.name}.log"
            process.log.unlink(missing_ok=True)

    def tell_the_desk(self, *, operator_token: str) -> None:
        """From the next start on, the agents' desk in the emulator is told what happens.

        It gets notices, opens the context of a handover, and uses the operator API with this token.
        """
        self._operator_token = operator_token

    def follow_the_clock(self) -> None:
        """From the next start of Rasa on, its channel's clock follows the emulator's."""
        self._rasa_module = "demo.rasa_ahead"

    def run_actions(self, module: str, **environment: str) -> None:
        """From the next start on, the action server runs this module's actions."""
        self._actions_module = module
        self._actions_environment = environment

    def call_actions_at(self, url: str) -> None:
        """From the next start of Rasa on, it calls its actions there."""
        self._actions_url = url

    def log_as_json(self) -> None:
        """From the next start of Rasa on, its log follows the project's logging.yml."""
        self._log_options = ["--logging-config-file", str(PROJECT / "logging.yml")]

    def log_everything(self) -> None:
        """From the next start on, Rasa and everything that it imports log all they can."""
        self.log_by(_EVERYTHING)
        self._log_options.append("--debug")

    def log_by(self, configuration: dict[str, Any]) -> None:
        """From the next start on, Rasa's log follows this logging configuration."""
        file = self._directory / "logging.yml"
        file.write_text(yaml.safe_dump(configuration))
        self._log_options = ["--logging-config-file", str(file)]

    def change_channel(self, **keys: Any) -> None:
        """Set keys of the channel's section, written with _ for -."""
        self._channel.update(_dashed(keys))

    def change_plan(self, name: str, **keys: Any) -> None:
        """Set keys of a plan, written with _ for -; a missing plan is added."""
        self._plans.setdefault(name, {}).update(_dashed(keys))

    @property
    def credentials(self) -> Path:
        return self._directory / "credentials.yml"

    @property
    def _endpoints(self) -> Path:
        return self._directory / "endpoints.yml"

    async def _start_emulator(self) -> None:
        command = [sys.executable, "-m", "emulator", "--port", str(self._emulator_port)]
        await self.emulator.start(command, QUIET)
        await self.emulator.answers(f"{self.platform.url}/_emulator/config")
        await self.platform.open(bot_webhook=f"{self.channel_url}/webhook")
        await self.platform.call("PUT", "desk", {"operator_token": self._operator_token})

    async def _start_actions(self) -> None:
        command = [
            sys.executable,
            "-m",
            "rasa",
            "run",
            "actions",
            "--actions",
            self._actions_module,
        ]
        await self.actions.start(
            [*command, "--port", str(self._actions_port), *self._log_options],
            {**QUIET, **self._actions_environment},
        )
        await self.actions.answers(f"http://127.0.0.1:{self._actions_port}/health")

    def write_files(self) -> None:
        """Write credentials.yml and endpoints.yml: the project's own, pointed at this machine."""
        credentials = _read(PROJECT / "credentials.yml")
        plans = credentials[CHANNEL]["plans"]
        plans["sales"]["target-app"] = self.platform.agent.id
        for name, keys in self._plans.items():
            plans.setdefault(name, {}).update(keys)
        credentials[CHANNEL].update(self._own_keys() | self._keys_for_the_desk() | self._channel)
        self.credentials.write_text(yaml.safe_dump(credentials, allow_unicode=True))
        endpoints = _read(PROJECT / "endpoints.yml")
        endpoints["action_endpoint"]["url"] = self._actions_url
        endpoints["tracker_store"]["db"] = str(self._directory / "tracker.db")
        self._endpoints.write_text(yaml.safe_dump(endpoints))

    def _own_keys(self) -> dict[str, Any]:
        bot = self.platform.bot
        return {
            "verify": bot.verify_token,
            "secret": bot.secret,
            "page-access-token": bot.page_access_token,
            "app-id": bot.id,
            "graph-url": f"{self.platform.url}/v25.0",
            "store": f"sqlite:///{self._directory / 'handover.db'}",
        }

    def _keys_for_the_desk(self) -> dict[str, Any]:
        if self._operator_token is None:
            return {}
        notices = f"{self.platform.url}/_emulator/notices"
        return {
            "notify": [{"url": notices, "secret": self.platform.notify_secret}],
            "public-url": self.rasa_url,
            "operator-token": self._operator_token,
        }

    def _process(self, name: str) -> Process:
        return Process(name, directory=PROJECT, log=self._directory / f"{name}.log")


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    return content


def _dashed(keys: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("_", "-"): value for key, value in keys.items()}
