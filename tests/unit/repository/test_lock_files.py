"""What is installed is locked by hash, and from whatever registry a machine is set up for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from packaging.markers import Marker

PROJECT = Path(__file__).parents[3]
CLIENTS = PROJECT / "tests" / "clients"
PYTHON_LOCKS = [*PROJECT.glob("requirements*.lock"), *CLIENTS.glob("requirements*.lock")]

# The machine that the Makefile's figures are of.
LINUX = {
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.10.13",
    "python_version": "3.10",
    "implementation_name": "cpython",
    "os_name": "posix",
    "sys_platform": "linux",
}

_PINNED = re.compile(r"^([\w.-]+)(?:\[.*\])?==(\S+)(?: ; (.*?))? \\$", re.MULTILINE)


def on_linux(name: str) -> dict[str, str]:
    """The packages of a lock that Linux gets, with their versions."""
    lines = _PINNED.findall(text_of(name))
    return {
        package: version
        for package, version, marker in lines
        if not marker or Marker(marker).evaluate(LINUX)
    }


def text_of(name: str) -> str:
    return (PROJECT / name).read_text()


def test_the_demo_runs_on_the_versions_that_everything_is_tested_on() -> None:
    tested, demo = on_linux("requirements.lock"), on_linux("requirements-demo.lock")
    other = {package for package, version in demo.items() if tested.get(package) != version}
    assert other == {"tensorflow-cpu"}
    assert demo["tensorflow-cpu"] == tested["tensorflow"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-demo.lock"])
def test_the_makefile_tells_how_many_packages_it_installs(lock: str) -> None:
    told = re.search(rf"{re.escape(lock)}\n\S+ TOLD := \D*(\d+) packages", text_of("Makefile"))
    assert told is not None
    assert int(told[1]) == len(on_linux(lock))


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: str(lock.relative_to(PROJECT)))
def test_a_python_lock_names_no_registry(lock: Path) -> None:
    assert [line for line in lock.read_text().splitlines() if "://" in line] == []


def test_the_lock_of_npm_names_no_registry() -> None:
    packages = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_lock_of_npm_has_a_hash_for_each_package() -> None:
    packages = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
