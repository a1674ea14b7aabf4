"""Whether a command that a page shows can be run: its program, its options, its files, its URL."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from rasa.__main__ import create_argument_parser

from cli.main import _parser as cli_parser
from demo.__main__ import _parser as demo_parser
from emulator import create_app
from emulator.__main__ import _parser as emulator_parser
from emulator.control import bodies as control_bodies
from emulator.platform.state.models import User
from tests.docs.channel_routes import channel_routes
from tests.support.documents import ROOT, Block

PLACEHOLDER = "path/to/this/repository"
_VARIABLE = re.compile(r"\w+=\S*")
_TARGET = re.compile(r"^([\w-]+):", re.MULTILINE)
_PART = re.compile(r"[{<]\w+(:\w+)?[}>]")  # of a path, as aiohttp and Sanic write them
_CONTROL_BODIES = {
    "users": User,
    "messages": control_bodies.UserMessage,
    "taps": control_bodies.Tap,
    "clock": control_bodies.AdvanceClock,
    "faults": control_bodies.SetFaults,
    "routing": control_bodies.SetRouting,
    "newsletter": control_bodies.Newsletter,
    "desk": control_bodies.ChangeDesk,
}


def commands_of(block: Block) -> list[list[str]]:
    """The commands of a block, as a shell splits them; of a `console` block those after `$ `."""
    code = block.code.replace("\\\n", " ")
    lines = code.splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    split = [shlex.split(line, comments=True) for line in lines]
    return [_without_variables(words) for words in split if words]


def check(words: list[str]) -> None:
    """AssertionError, or whatever the command's own parser raises, where it could not be run."""
    program, *arguments = words
    assert program in _PROGRAMS, f"no test knows the program {program}"
    _PROGRAMS[program](arguments)


def _without_variables(words: list[str]) -> list[str]:
    while _VARIABLE.fullmatch(words[0]):
        words = words[1:]
    return words


def _parsed(parser: argparse.ArgumentParser, arguments: list[str]) -> Any:
    try:
        return parser.parse_args(arguments)
    except SystemExit as refused:
        raise AssertionError(f"its parser refuses {arguments}") from refused


def _own(arguments: list[str]) -> None:
    _parsed(cli_parser(arguments), arguments)


def _rasa(arguments: list[str]) -> None:
    _parsed(_rasas_parser(), arguments)


@cache
def _rasas_parser() -> argparse.ArgumentParser:
    parser = create_argument_parser()
    assert isinstance(parser, argparse.ArgumentParser)
    return parser


def _python(arguments: list[str]) -> None:
    if Path(arguments[0]).parts[:1] == ("tests",):
        assert (ROOT / arguments[0]).exists(), f"there is no {arguments[0]}"
        return
    assert arguments[0] == "-m", f"python {arguments} is no command that is known"
    module, *rest = arguments[1:]
    assert module in _MODULES, f"no test knows python -m {module}"
    _MODULES[module](rest)


def _emulator(arguments: list[str]) -> None:
    _parsed(emulator_parser(), arguments)


def _demo(arguments: list[str]) -> None:
    _parsed(demo_parser(), arguments)


def _pytest(arguments: list[str]) -> None:
    for path in (one for one in arguments if one.startswith("tests")):
        assert (ROOT / path).exists(), f"there is no {path}"


def _benchmarks(arguments: list[str]) -> None:
    known = {path.stem for path in (ROOT / "benchmarks" / "rows").rglob("*.py")}
    assert all(one.startswith("--") or one in known for one in arguments)


def _make(arguments: list[str]) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text()))
    assert arguments[0] in targets or arguments[0].startswith("models/")


def _pip(arguments: list[str]) -> None:
    action, *names = arguments
    assert action in ("install", "uninstall")
    for name in names:
        is_listed = name in (PLACEHOLDER, "rasa-handover", f"{PLACEHOLDER}[notify]")
        known = is_listed or re.fullmatch(r"rasa==3\.6\.21|setuptools<81|uv", name)
        assert known, f"{name} is installed on no other page"


def _openssl(arguments: list[str]) -> None:
    assert arguments[0] == "rand"


def _copy(arguments: list[str]) -> None:
    source, _ = arguments
    assert (ROOT / source).is_file(), f"there is no {source}"


def _docker(arguments: list[str]) -> None:
    assert arguments[0] == "compose"
    assert (ROOT / arguments[arguments.index("-f") + 1]).is_file()


def _curl(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-X", dest="method", default="GET")
    parser.add_argument("-H", dest="headers", action="append")
    parser.add_argument("-d", dest="body")
    parser.add_argument("url")
    call = _parsed(parser, arguments)
    url = urlsplit(call.url)
    if url.port == _parsed(emulator_parser(), []).port:
        _control_call(call.method, url.path, call.body)
    else:
        assert url.port == _parsed(_rasas_parser(), ["run"]).port
        assert _fits(call.method, url.path, channel_routes()), f"no route {call.method} {url.path}"


def _control_call(method: str, path: str, body: str | None) -> None:
    below = path.removeprefix("/_emulator/")
    assert _fits(method, below, control_routes()), f"no route {method} {path}"
    if body is not None:
        kind = _CONTROL_BODIES[below.rpartition("/")[2]]
        if below.startswith("inbox/"):
            kind = control_bodies.InboxMessage
        msgspec.json.decode(json.dumps(json.loads(body)), type=kind)


def control_routes() -> set[tuple[str, str]]:
    """The emulator's control API: methods, and paths below `/_emulator/`."""
    resources = create_app().router.resources()
    found = {(route.method, one.canonical) for one in resources for route in one}
    below = {(method, path.partition("/_emulator/")[2]) for method, path in found}
    return {(method, path) for method, path in below if path and method not in ("*", "HEAD")}


def _fits(method: str, path: str, routes: set[tuple[str, str]]) -> bool:
    patterns = (
        _PART.sub("[^/]+", its_path) for its_method, its_path in routes if its_method == method
    )
    return any(re.fullmatch(pattern, path) for pattern in patterns)


def _nothing_to_check(_: list[str]) -> None:
    """`export` and `.` are the shell's own."""


_MODULES: dict[str, Callable[[list[str]], None]] = {
    "rasa_handover.emulator": _emulator,
    "emulator": _emulator,
    "rasa_handover.cli": _own,
    "cli": _own,
    "demo": _demo,
    "pytest": _pytest,
    "benchmarks": _benchmarks,
    "venv": _nothing_to_check,
}
_PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "rasa-handover": _own,
    "rasa": _rasa,
    "python": _python,
    "python3.10": _python,
    ".venv/bin/python": _python,
    "pip": _pip,
    "make": _make,
    "cp": _copy,
    "openssl": _openssl,
    "docker": _docker,
    "curl": _curl,
    "export": _nothing_to_check,
    "set": _nothing_to_check,
    ".": _nothing_to_check,
}
