"""The files of `deploy/` fit together: what one of them reads, another gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tomli as tomllib
import yaml
from rasa.shared.utils.io import read_config_file

from channels.core.settings.settings import parse_settings
from channels.store.database.database import Database

PROJECT = Path(__file__).parents[3]
DEPLOY = PROJECT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text())
RASA = COMPOSE["services"]["rasa"]
NEEDED_FROM_ENV = re.compile(r"\$\{([A-Z_]+)(?::\?[^}]*)?\}")


def filled_in(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A file as Rasa reads it in a replica; each value that compose was given is a long number."""
    for variable, value in RASA["environment"].items():
        monkeypatch.setenv(variable, NEEDED_FROM_ENV.sub("1234567890123456", value))
    return read_config_file(DEPLOY / name)


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text()


@pytest.mark.parametrize("name", ["credentials.yml", "endpoints.yml"])
def test_the_replicas_get_each_variable_that_rasa_fills_in(name: str) -> None:
    needed = set(NEEDED_FROM_ENV.findall(text_of(name)))
    assert needed
    assert needed <= set(RASA["environment"])


@pytest.mark.parametrize("name", ["credentials.yml", "endpoints.yml"])
def test_rasa_fills_in_every_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "${" not in str(filled_in(name, monkeypatch))


def test_the_example_environment_names_each_variable_that_compose_asks_for() -> None:
    asked = set(NEEDED_FROM_ENV.findall(text_of("compose.yml")))
    named = {line.partition("=")[0] for line in text_of("example.env").splitlines()}
    assert asked == named


def test_the_channel_accepts_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    section = filled_in("credentials.yml", monkeypatch)["channels.MessengerInput"]
    store = Database(parse_settings(section).store)
    assert str(store) == "postgresql://assistant:***@postgres:5432/assistant"


def test_what_more_than_one_worker_needs_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoints = filled_in("endpoints.yml", monkeypatch)
    assert int(RASA["environment"]["SANIC_WORKERS"]) > 1
    assert endpoints["lock_store"]["type"] == "redis"
    assert endpoints["tracker_store"]["dialect"] == "postgresql"


def test_the_command_names_files_of_this_folder() -> None:
    files = re.findall(r"deploy/\S+", RASA["command"])
    assert len(files) == 2
    assert all((PROJECT / file).is_file() for file in files)


def test_each_service_is_one_that_the_others_name() -> None:
    services = COMPOSE["services"]
    environment = RASA["environment"]
    assert {environment["DB_HOST"], environment["REDIS_HOST"]} == set(RASA["depends_on"])
    assert environment["ACTIONS_URL"] == "http://actions:5055/webhook"
    assert "reverse_proxy" in text_of("Caddyfile")
    assert "dynamic a rasa 5005" in text_of("Caddyfile")
    assert set(services) == {"rasa", "actions", "postgres", "redis", "proxy"}


def test_the_image_gets_all_that_the_package_is_built_from() -> None:
    """The package is installed before the rest is copied, so that a change of the bot is quick."""
    before = text_of("Dockerfile").partition("RUN pip install")[0]
    copied = set(" ".join(re.findall(r"^COPY (.*) \S+$", before, re.MULTILINE)).split())
    built = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    packages = built["tool"]["setuptools"]["packages"]
    folders = {name.split(".")[1] for name in packages if "." in name}
    files = {built["project"]["readme"], *built["project"]["license-files"]}
    assert folders | files | {"pyproject.toml", "setup.py", "domain.yml", "data"} == copied
