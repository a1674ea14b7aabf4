"""Who may import whom: `.importlinter` holds the contracts, the rest is checked here."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.api import read_configuration

PROJECT = Path(__file__).parents[3]
CONTRACTS = str(PROJECT / ".importlinter")
FOLDERS = ("channels", "actions", "cli", "emulator", "demo")
USES = {"cli": {"channels"}}
READS_THE_CLOCK = {"now", "utcnow", "today"}
DOES_IO = {"open", "print", "input"}


def pure_files() -> list[Path]:
    """What the contract on purity names: modules, and packages with all that is in them."""
    options = read_configuration(CONTRACTS)["contracts_options"]
    (pure,) = (contract for contract in options if contract["id"] == "pure")
    places = [PROJECT.joinpath(*name.split(".")) for name in pure["source_modules"]]
    files = [
        file
        for place in places
        for file in (place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")])
    ]
    assert len(files) > 40
    return files


def sources(folder: str) -> list[Path]:
    files = sorted((PROJECT / folder).rglob("*.py"))
    assert files
    return files


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[str]:
    """The top-level packages that a module imports; ".." for what is above its folder."""
    depth = len(path.relative_to(PROJECT).parts) - 1
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]
        if isinstance(node, ast.ImportFrom) and node.level > depth:
            yield ".."


def calls(path: Path) -> set[str]:
    """The last name of everything that a module calls."""
    called = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    attributes = {node.attr for node in called if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in called if isinstance(node, ast.Name)}


def test_the_contracts_are_kept() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    command = [str(lint_imports), "--config", CONTRACTS, "--no-cache"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_is_pure_gets_the_time_as_an_argument() -> None:
    assert [file for file in pure_files() if READS_THE_CLOCK & calls(file)] == []


def test_what_is_pure_reads_and_writes_nothing() -> None:
    assert [file for file in pure_files() if DOES_IO & calls(file)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_itself_relatively_and_no_other(folder: str) -> None:
    strangers = {*FOLDERS, "tests", "benchmarks", ".."} - USES.get(folder, set())
    found = {path.name: strangers & set(imported(path)) for path in sources(folder)}
    assert {name: names for name, names in found.items() if names} == {}


def test_the_actions_need_rasa_sdk_alone() -> None:
    needed = {name for path in sources("actions") for name in imported(path)}
    assert needed - sys.stdlib_module_names == {"rasa_sdk"}


def test_importing_the_plugin_loads_no_rasa_until_its_channel_is_asked_for() -> None:
    code = (
        "import sys, channels; assert 'rasa' not in sys.modules; "
        "channels.MessengerInput; assert 'rasa' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=PROJECT, check=True)
