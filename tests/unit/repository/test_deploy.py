"""The files of `deploy/` fit together: what one of them reads, another gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.shared.utils.io import read_config_file

from channels.core.settings.settings import parse_settings
from channels.store.database.database import Database

DEPLOY = Path(__file__).parents[3] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text())
RASA = COMPOSE["services"]["rasa"]
SMALL = yaml.safe_load((DEPLOY / "small" / "compose.yml").read_text())["services"]["rasa"]
NEEDED_FROM_ENV = re.compile(r"\$\{([A-Z_]+)(?::\?[^}]*)?\}")


def filled_in(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A file as Rasa reads it in a container; what compose was given is a long number each."""
    for variable, value in environment_of(name).items():
        monkeypatch.setenv(variable, NEEDED_FROM_ENV.sub("1234567890123456", value))
    return read_config_file(DEPLOY / name)


def environment_of(name: str) -> dict[str, str]:
    service = SMALL if name.startswith("small/") else RASA
    environment: dict[str, str] = service["environment"]
    return environment


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text()


FILES = ["credentials.yml", "endpoints.yml", "small/credentials.yml", "small/endpoints.yml"]


@pytest.mark.parametrize("name", FILES)
def test_a_container_gets_each_variable_that_rasa_fills_in(name: str) -> None:
    needed = set(NEEDED_FROM_ENV.findall(text_of(name)))
    assert needed or name == "small/endpoints.yml"
    assert needed <= set(environment_of(name))


@pytest.mark.parametrize("name", FILES)
def test_rasa_fills_in_every_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "${" not in str(filled_in(name, monkeypatch))


def test_the_example_environment_names_each_variable_that_compose_asks_for() -> None:
    asked = set(NEEDED_FROM_ENV.findall(text_of("compose.yml")))
    named = {line.partition("=")[0] for line in text_of("example.env").splitlines()}
    assert asked == named
    needs_no_store = {name for name in named if not name.startswith(("DB_", "REDIS_"))}
    assert set(NEEDED_FROM_ENV.findall(text_of("small/compose.yml"))) == needs_no_store


def test_the_channel_accepts_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    section = filled_in("credentials.yml", monkeypatch)["channels.MessengerInput"]
    store = Database(parse_settings(section).store)
    assert str(store) == "postgresql://assistant:***@postgres:5432/assistant"


def test_all_that_the_one_container_keeps_lies_on_its_volume(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    section = filled_in("small/credentials.yml", monkeypatch)["channels.MessengerInput"]
    tracker_store = filled_in("small/endpoints.yml", monkeypatch)["tracker_store"]
    assert SMALL["volumes"] == ["data:/data"]
    assert parse_settings(section).store == "sqlite:////data/handover.db"
    assert tracker_store["db"] == "/data/tracker.db"


def test_what_more_than_one_worker_needs_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoints = filled_in("endpoints.yml", monkeypatch)
    assert int(RASA["environment"]["SANIC_WORKERS"]) > 1
    assert endpoints["lock_store"]["type"] == "redis"
    assert endpoints["tracker_store"]["dialect"] == "postgresql"


def test_rasa_gives_up_a_database_that_falls_silent_as_soon_as_the_channel_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker_store = filled_in("endpoints.yml", monkeypatch)["tracker_store"]
    ours = Database("postgresql://user:password@host/database").engine().url.query
    beside = {"application_name": "rasa-handover", "client_encoding": "utf8"}
    theirs = {**tracker_store["query"], **beside}
    del theirs["options"]  # the channel sets such limits once it is connected
    assert theirs == ours


def test_the_commands_name_files_of_this_folder() -> None:
    commands = [RASA["command"], SMALL["command"], text_of("small/start")]
    files = [file for one in commands for file in re.findall(r"deploy/\S+", one)]
    assert len(files) == 5
    assert all((DEPLOY.parent / file).is_file() for file in files)


def test_the_settings_of_both_ways_differ_only_in_the_store() -> None:
    several = yaml.safe_load(text_of("credentials.yml"))["channels.MessengerInput"]
    one = yaml.safe_load(text_of("small/credentials.yml"))["channels.MessengerInput"]
    assert {**several, "store": None} == {**one, "store": None}


def test_each_service_is_one_that_the_others_name() -> None:
    services = COMPOSE["services"]
    environment = RASA["environment"]
    assert {environment["DB_HOST"], environment["REDIS_HOST"]} == set(RASA["depends_on"])
    assert environment["ACTIONS_URL"] == "http://actions:5055/webhook"
    assert "reverse_proxy" in text_of("Caddyfile")
    assert "dynamic a rasa 5005" in text_of("Caddyfile")
    assert set(services) == {"rasa", "actions", "postgres", "redis", "proxy"}
