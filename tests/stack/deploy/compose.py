"""Reads a compose file of `deploy/` as Docker Compose would; a key it does not know is an error."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::\?([^}]*))?\}")
_DURATION = re.compile(r"(\d+)(s|m)")
_MINUTE = 60
_STOP_GRACE = "10s"  # what Docker gives where nothing is said
_INTERVAL = "30s"
_RETRIES = 3


class HealthCheck(Struct, frozen=True, kw_only=True):
    """A command of the shell, and how long Docker waits until it calls the service unhealthy."""

    command: str
    interval: timedelta
    limit: timedelta


class Volume(Struct, frozen=True, kw_only=True):
    """A folder that stays, by its name, or a file or folder of the host."""

    name: str | None
    source: Path | None
    target: str
    read_only: bool


class Service(Struct, frozen=True, kw_only=True):
    """One service of the file, with all variables filled in."""

    name: str
    image: str | None
    dockerfile: Path | None
    command: tuple[str, ...]
    environment: Mapping[str, str]
    healthy_before: tuple[str, ...]
    health: HealthCheck | None
    volumes: tuple[Volume, ...]
    tmpfs: tuple[str, ...]
    ports: tuple[int, ...]
    restarts: bool
    stop_grace: timedelta


def read(file: Path, variables: Mapping[str, str]) -> list[Service]:
    """The services, each after those that it waits for."""
    content = yaml.safe_load(_filled_in(file.read_text(), variables))
    unknown = content.keys() - {"services", "volumes"}
    assert not unknown, f"{file} has {unknown}, which no test knows"
    found = {name: _service(name, one, file.parent) for name, one in content["services"].items()}
    named = {volume.name for one in found.values() for volume in one.volumes if volume.name}
    assert named == content["volumes"].keys()
    return _in_order(found)


def _filled_in(text: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, message = found.groups()
        assert variables.get(name) or message is None, f"{name} is missing: {message}"
        return variables.get(name, "")

    return _VARIABLE.sub(value, text)


def _service(name: str, said: dict[str, Any], folder: Path) -> Service:
    said = dict(said)
    tmpfs = said.pop("tmpfs", ())
    ports = [port.split(":") for port in said.pop("ports", ())]
    health = said.pop("healthcheck", None)
    waits_for = said.pop("depends_on", {})
    assert all(one == {"condition": "service_healthy"} for one in waits_for.values())
    service = Service(
        name=name,
        image=said.pop("image", None),
        dockerfile=_dockerfile(said.pop("build", None), folder),
        command=_command(said.pop("command", ())),
        environment={key: str(value) for key, value in said.pop("environment", {}).items()},
        healthy_before=tuple(waits_for),
        health=_health(health) if health else None,
        volumes=tuple(_volume(one, folder) for one in said.pop("volumes", ())),
        tmpfs=(tmpfs,) if isinstance(tmpfs, str) else tuple(tmpfs),
        ports=tuple(int(inside) for _, inside in ports),
        restarts=said.pop("restart", "no") == "unless-stopped",
        stop_grace=_duration(said.pop("stop_grace_period", _STOP_GRACE)),
    )
    assert not said, f"the service {name} has {said}, which no test knows"
    return service


def _command(said: str | list[str]) -> tuple[str, ...]:
    return tuple(shlex.split(said) if isinstance(said, str) else said)


def _dockerfile(said: dict[str, str] | None, folder: Path) -> Path | None:
    return (said and (folder / said["context"] / said["dockerfile"]).resolve()) or None


def _health(said: dict[str, Any]) -> HealthCheck:
    interval = _duration(said.get("interval", _INTERVAL))
    tries = said.get("retries", _RETRIES)
    start = _duration(said.get("start_period", "0s"))
    assert isinstance(said["test"], str)
    return HealthCheck(command=said["test"], interval=interval, limit=start + tries * interval)


def _volume(said: str, folder: Path) -> Volume:
    source, target, *mode = said.split(":")
    is_file = source.startswith(".")
    return Volume(
        name=None if is_file else source,
        source=(folder / source).resolve() if is_file else None,
        target=target,
        read_only=mode == ["ro"],
    )


def _duration(said: str) -> timedelta:
    found = _DURATION.fullmatch(said)
    assert found, f"{said} is no duration that a test knows"
    return timedelta(seconds=int(found[1]) * (_MINUTE if found[2] == "m" else 1))


def _in_order(services: dict[str, Service]) -> list[Service]:
    ordered: list[Service] = []
    while len(ordered) < len(services):
        names = {one.name for one in ordered}
        ready = [
            one
            for one in services.values()
            if one.name not in names and names.issuperset(one.healthy_before)
        ]
        assert ready, "services wait for each other"
        ordered += ready
    return ordered
