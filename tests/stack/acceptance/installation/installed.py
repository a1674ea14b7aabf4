"""A Rasa project of somebody's own, with the wheel installed and `rasa-handover init` run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from demo.platform import EmulatedPlatform
from demo.processes import Process, free_port
from tests.support.rasa_project import write_template

# In place of the template's own choice, which trains for minutes.
FAST_CONFIG = """\
recipe: default.v1
assistant_id: somebodys-own
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: LogisticRegressionClassifier
policies:
  - name: MemoizationPolicy # init adds the RulePolicy
"""
OWN_ACTION = """
from rasa_sdk import Action


class ActionHelloWorld(Action):
    def name(self):
        return "action_hello_world"

    def run(self, dispatcher, tracker, domain):
        return []
"""
_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONUNBUFFERED": "1",
    "PYTHONPATH": str(Path(__file__).parents[2] / "quick"),
}


def write_project(directory: Path) -> None:
    """What `rasa init` writes, with an action, and with a quick configuration."""
    write_template(directory)
    (directory / "config.yml").write_text(FAST_CONFIG)
    with (directory / "actions" / "actions.py").open("a") as actions:
        actions.write(OWN_ACTION)


class InstalledAssistant:
    """The project as real processes against the emulator, all from the installed package."""

    def __init__(self, project: Path, python: Path) -> None:
        self.project = project
        self._python = python
        self._logs = project.with_name(f"{project.name}-logs")
        self._logs.mkdir()
        self._rasa_port = free_port()
        self._actions_port = free_port()
        self._emulator_port = free_port()
        self._servers: list[Process] = []
        self.platform = EmulatedPlatform(f"http://127.0.0.1:{self._emulator_port}")

    @property
    def logs(self) -> dict[str, Path]:
        """The log of each server, by its name."""
        return {one.name: one.log for one in self._servers}

    @property
    def actions_url(self) -> str:
        return f"http://127.0.0.1:{self._actions_port}"

    async def start(self) -> None:
        """Start everything; returns once the bot can be written to."""
        channel = f"http://127.0.0.1:{self._rasa_port}/webhooks/facebook"
        port = ("--port", str(self._emulator_port))
        emulator = await self._serve("emulator", self.python("-m", "rasa_handover.emulator", *port))
        await emulator.answers(f"{self.platform.url}/_emulator/config")
        await self.platform.open(bot_webhook=f"{channel}/webhook")
        self._point_at_this_machine()
        actions = ("-m", "rasa", "run", "actions", "--port", str(self._actions_port))
        server = await self._serve("actions", self.python(*actions))
        await server.answers(f"{self.actions_url}/health")
        run = ("-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(self._rasa_port))
        rasa = await self._serve("rasa", self.python(*run), **self._variables())
        await rasa.answers(f"{channel}/health")

    async def stop(self) -> None:
        for server in reversed(self._servers):
            await server.stop()
        await self.platform.close()

    async def run(self, name: str, command: Sequence[str]) -> str:
        """What a command prints in the project; it has to succeed."""
        process = await self._start(name, command)
        status = await process.exit_code()
        assert status == 0, process.output
        return process.output

    def python(self, *arguments: str) -> list[str]:
        return [str(self._python), *arguments]

    def script(self, *arguments: str) -> list[str]:
        """A call of the command that the wheel has installed."""
        return [str(self._python.with_name("rasa-handover")), *arguments]

    def _point_at_this_machine(self) -> None:
        _replace(
            self.project / "credentials.yml",
            "  app-id: ${MESSENGER_APP_ID}\n",
            f"  app-id: ${{MESSENGER_APP_ID}}\n  graph-url: {self.platform.url}/v25.0\n",
        )
        _replace(self.project / "endpoints.yml", "http://localhost:5055", self.actions_url)

    def _variables(self) -> dict[str, str]:
        bot = self.platform.bot
        return {
            "MESSENGER_VERIFY_TOKEN": bot.verify_token,
            "MESSENGER_APP_SECRET": bot.secret,
            "MESSENGER_PAGE_ACCESS_TOKEN": bot.page_access_token,
            "MESSENGER_APP_ID": bot.id,
        }

    async def _serve(self, name: str, command: Sequence[str], **variables: str) -> Process:
        process = await self._start(name, command, **variables)
        self._servers.append(process)
        return process

    async def _start(self, name: str, command: Sequence[str], **variables: str) -> Process:
        process = Process(name, directory=self.project, log=self._logs / f"{name}.log")
        await process.start(command, _ENVIRONMENT | variables)
        return process


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
