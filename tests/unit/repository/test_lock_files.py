"""What is installed is locked by hash, and from whatever registry a machine is set up for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
CLIENTS = PROJECT / "tests" / "clients"
PYTHON_LOCKS = [*PROJECT.glob("requirements*.lock"), *CLIENTS.glob("requirements*.lock")]


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: str(lock.relative_to(PROJECT)))
def test_a_python_lock_names_no_registry(lock: Path) -> None:
    assert [line for line in lock.read_text().splitlines() if "://" in line] == []


def test_the_lock_of_npm_names_no_registry() -> None:
    packages = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_lock_of_npm_has_a_hash_for_each_package() -> None:
    packages = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
