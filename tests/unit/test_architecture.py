"""Who may import whom: `.importlinter` holds the contracts, the rest is checked here."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.api import read_configuration

PROJECT = Path(__file__).parents[2]
CONTRACTS = str(PROJECT / ".importlinter")
FOLDERS = ("channels", "actions", "emulator", "demo")
READS_THE_CLOCK = {"now", "utcnow", "today"}
DOES_IO = {"open", "print", "input"}


def contract(name: str) -> dict[str, list[str]]:
    options = read_configuration(CONTRACTS)["contracts_options"]
    return next(found for found in options if found["id"] == name)


def pure_modules() -> list[str]:
    """The lowest floor of `channels`, as the contract has it."""
    return sorted(name.strip() for name in contract("floors")["layers"][-1].split(":"))


def sources(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[str]:
    """The top-level packages that a module imports; ".." for what is above its folder."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.level != 1:
            yield ".." if node.level else str(node.module).partition(".")[0]


def calls(path: Path) -> Iterator[str]:
    """The last name of everything that a module calls."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            if isinstance(node.func, ast.Name):
                yield node.func.id


def test_the_contracts_are_kept() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    command = [str(lint_imports), "--config", CONTRACTS, "--no-cache"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_contract_on_purity_covers_the_lowest_floor() -> None:
    named = [f"channels.{name}" for name in pure_modules()]
    assert sorted(contract("pure")["source_modules"]) == named


@pytest.mark.parametrize("name", pure_modules())
def test_a_pure_module_gets_the_time_as_an_argument(name: str) -> None:
    assert READS_THE_CLOCK.isdisjoint(calls(PROJECT / "channels" / f"{name}.py"))


@pytest.mark.parametrize("name", pure_modules())
def test_a_pure_module_reads_and_writes_nothing(name: str) -> None:
    assert DOES_IO.isdisjoint(calls(PROJECT / "channels" / f"{name}.py"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_itself_relatively_and_no_other(folder: str) -> None:
    strangers = {*FOLDERS, "tests", "benchmarks", ".."}
    found = {path.name: strangers & set(imported(path)) for path in sources(folder)}
    assert {name: names for name, names in found.items() if names} == {}


def test_the_actions_need_rasa_sdk_alone() -> None:
    needed = {name for path in sources("actions") for name in imported(path)}
    assert needed - sys.stdlib_module_names == {"rasa_sdk"}
