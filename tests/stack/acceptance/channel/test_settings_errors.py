"""A wrong setting stops `rasa run` with one clear message."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from channels.store.database.database import Database
from demo.processes import Process, free_port
from demo.stack import CHANNEL, PROJECT

SECTION: dict[str, Any] = {
    "verify": "the-verify-token",
    "secret": "the-app-secret",
    "page-access-token": "the-page-token",
    "app-id": "900100100100100",
}


async def rasa_run(directory: Path, model: Path, section: dict[str, Any]) -> tuple[int, str]:
    """Run `rasa run` with that section until it ends; its status and what it printed."""
    credentials = directory / "credentials.yml"
    credentials.write_text(yaml.safe_dump({CHANNEL: section}))
    rasa = Process("rasa", directory=PROJECT, log=directory / "rasa.log")
    command = [sys.executable, "-W", "ignore", "-m", "rasa", "run", "--model", str(model)]
    await rasa.start([*command, "--credentials", str(credentials), "--port", str(free_port())], {})
    return await rasa.exit_code(), rasa.output


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
    tmp_path: Path, model: Path, change: dict[str, Any], message: str
) -> None:
    status, output = await rasa_run(tmp_path, model, {**SECTION, **change})
    assert status == 1
    assert output.count(message) == 1
    assert "Traceback" not in output
    assert "the-app-secret" not in output


async def test_a_store_that_cannot_be_reached_stops_rasa_with_one_message(
    tmp_path: Path, model: Path
) -> None:
    store = "postgresql://somebody:the-password@127.0.0.1:9/handover"
    status, output = await rasa_run(tmp_path, model, {**SECTION, "store": store})
    assert status == 1
    assert output.count("The Messenger channel can't start") == 1
    assert "the-password" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize("way", ["by its name", "by a link", "by a link to its folder"])
async def test_a_sqlite_file_that_another_process_has_stops_rasa(
    tmp_path: Path, model: Path, way: str
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
        status, output = await rasa_run(tmp_path, model, {**SECTION, "store": f"sqlite:///{path}"})
    assert status == 1
    assert output.count("is in use by another process, and SQLite serves one worker") == 1
    assert "Traceback" not in output
