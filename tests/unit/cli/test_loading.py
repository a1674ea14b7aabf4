"""What the command line loads: Rasa only for a command that reads the project as Rasa does.

Each command is a process, as what is imported stays so, and so are the refusals of an environment
without Rasa.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS
from tests.support.rasa_project import write_template
from tests.unit.cli.init.init_on_project import write

PROJECT = Path(__file__).parents[3]
# Stands before the command. What Rasa brings along is as missing as Rasa is.
WITHOUT_RASA = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"rasa", "rasa_sdk", "sanic", "tensorflow", "randomname"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""
RUN = "from cli.main import main; sys.exit(main(sys.argv[1:]))"
TELL_WHAT_IS_LOADED = """
import sys
from cli.main import main
try:
    main(sys.argv[1:])
finally:
    print("loaded", *sys.modules, file=sys.stderr)
"""
# What the list of commands and each command's help can do without.
HEAVY = {"rasa", "rasa_sdk", "sanic", "tensorflow", "numpy", "sklearn"}
HEAVY_FOR_THE_LIST = HEAVY | {
    "aiohttp",
    "sqlalchemy",
    "ruamel.yaml",
    "msgspec",
    "icu4py",
    "Stemmer",
}


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def loaded(*arguments: str) -> set[str]:
    told = run(TELL_WHAT_IS_LOADED, *arguments).stderr.splitlines()[-1].split()
    assert told[0] == "loaded"
    assert "cli" in told
    return set(told)


def test_the_list_of_commands_loads_no_library() -> None:
    assert loaded("--help") & HEAVY_FOR_THE_LIST == set()


@pytest.mark.parametrize("name", [listed.name for listed in COMMANDS])
def test_the_help_of_a_command_loads_no_rasa(name: str) -> None:
    assert loaded(name, "--help") & HEAVY == set()


def test_what_is_loaded_would_be_seen(tmp_path: Path) -> None:
    write(tmp_path, "credentials.yml", "rest:\n")
    read = ("return-request", "1", "--credentials", str(tmp_path / "credentials.yml"))
    assert "rasa" in loaded(*read)


class TestWithoutRasa:
    @pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--help"]], ids=" ".join)
    def test_help_is_given(self, arguments: list[str]) -> None:
        done = run(WITHOUT_RASA + RUN, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: ")

    def test_init_adds_to_a_project(self, tmp_path: Path) -> None:
        write_template(tmp_path / "project")
        done = run(WITHOUT_RASA + RUN, "init", "--yes", "--project", str(tmp_path / "project"))
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / "project" / "data" / "handover_rules.yml").is_file()

    @pytest.mark.parametrize(
        "arguments",
        [
            ["doctor"],
            ["apps"],
            ["return-request", "1"],
        ],
        ids=" ".join,
    )
    def test_a_command_that_needs_it_says_so_in_a_sentence(self, arguments: list[str]) -> None:
        done = run(WITHOUT_RASA + RUN, *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "This command reads the project as Rasa does, and "
            f"{sys.executable} has no Rasa. Run it in the project's environment, where `rasa` or "
            "`rasa-pro` is installed.\n"
        )

    @pytest.mark.parametrize("arguments", [["sessions"], ["return", "1"], ["forget", "1", "--yes"]])
    def test_a_running_bot_can_be_asked(
        self, arguments: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HANDOVER_ADMIN_TOKEN", "a-token-of-24-characters")
        done = run(WITHOUT_RASA + RUN, *arguments, "--url", "http://127.0.0.1:9")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("No bot answers at http://127.0.0.1:9 ")


def test_a_library_that_is_missing_is_not_taken_for_rasa() -> None:
    """Its own error tells more, so it is not caught."""
    program = WITHOUT_RASA.replace('"rasa", ', '"yarl", ') + RUN
    done = run(program, "apps")
    assert done.returncode == 1
    assert "No module named 'yarl'" in done.stderr
