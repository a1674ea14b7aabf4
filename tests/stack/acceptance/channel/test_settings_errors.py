"""A wrong setting stops `rasa run` with one clear message."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from channels.store.database.database import Database
from demo.processes import free_port
from demo.stack import CHANNEL, PROJECT
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.forks import ForkedProcess

RasaRun = Callable[[dict[str, Any]], Awaitable[tuple[int, str]]]  # its status, what it printed
SECTION: dict[str, Any] = {
    "verify": "the-verify-token",
    "secret": "the-app-secret",
    "page-access-token": "the-page-token",
    "app-id": "900100100100100",
}


@pytest.fixture
def rasa_run(stacks: Stacks, model: Path, tmp_path: Path) -> RasaRun:
    """Runs `rasa run` with a section of credentials.yml until it ends."""

    async def run(section: dict[str, Any]) -> tuple[int, str]:
        credentials = tmp_path / "credentials.yml"
        credentials.write_text(yaml.safe_dump({CHANNEL: section}))
        log = tmp_path / "rasa.log"
        rasa = ForkedProcess("rasa", forks=stacks.forks, directory=PROJECT, log=log)
        command = [sys.executable, "-m", "rasa", "run", "--model", str(model)]
        arguments = ["--credentials", str(credentials), "--port", str(free_port())]
        await rasa.start([*command, *arguments], {})
        return await rasa.exit_code(), rasa.output

    return run


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time-out": "5m"}, "channels.MessengerInput has no key 'time-out'"),
        ({"plans": {"default": {"timeout": "soon"}}}, "plans.default.timeout 'soon' is not a dur"),
        ({"secret": None}, "channels.MessengerInput.secret is missing in credentials.yml"),
    ],
    ids=["unknown key", "no duration", "missing secret"],
)
async def test_a_wrong_key_stops_rasa_with_one_message(
    rasa_run: RasaRun, change: dict[str, Any], message: str
) -> None:
    status, output = await rasa_run({**SECTION, **change})
    assert status == 1
    assert output.count(message) == 1
    assert "Traceback" not in output
    assert "the-app-secret" not in output


async def test_a_store_that_cannot_be_reached_stops_rasa_with_one_message(
    rasa_run: RasaRun,
) -> None:
    store = "postgresql://somebody:the-password@127.0.0.1:9/handover"
    status, output = await rasa_run({**SECTION, "store": store})
    assert status == 1
    assert output.count("The Messenger channel can't start") == 1
    assert "the-password" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize("way", ["by its name", "by a link", "by a link to its folder"])
async def test_a_sqlite_file_that_another_process_has_stops_rasa(
    rasa_run: RasaRun, tmp_path: Path, way: str
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "folder").symlink_to(folder)
    (tmp_path / "link.db").symlink_to(folder / "handover.db")
    path = {
        "by its name": folder / "handover.db",
        "by a link": tmp_path / "link.db",
        "by a link to its folder": tmp_path / "folder" / "handover.db",
    }[way]
    with Database(f"sqlite:///{folder / 'handover.db'}").reserve():
        status, output = await rasa_run({**SECTION, "store": f"sqlite:///{path}"})
    assert status == 1
    assert output.count("is in use by another process, and SQLite serves one worker") == 1
    assert "Traceback" not in output
