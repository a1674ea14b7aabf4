"""The command line: `rasa-handover`, and in the repository `python -m cli`."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from channels.core.errors import HandoverError
from channels.instruments.host import installed

from .command import Listed
from .version import told

# `--help` lists them in this order. A command's module is imported when the command is called.
COMMANDS = (
    Listed(
        name="init",
        summary="add to a Rasa project what a handover needs",
        module="init.command",
    ),
    Listed(
        name="doctor",
        summary="check whether everything that a live Page needs is as it should be",
        module="doctor.command",
    ),
    Listed(
        name="subscribe",
        summary="subscribe the app and the Page to what the bot needs to hear",
        module="meta.subscribe",
    ),
    Listed(
        name="apps",
        summary="list the apps on the Page, to pick a plan's target-app from",
        module="meta.apps",
    ),
    Listed(
        name="sessions",
        summary="list the open handovers: who has which thread, since when, and the time left",
        module="running.handovers",
        attribute="SESSIONS",
    ),
    Listed(
        name="statistics",
        summary="show how handovers ended, how long users waited, and what they thought",
        module="running.statistics",
    ),
    Listed(
        name="return",
        summary="have the bot take a user's thread back",
        module="running.handovers",
        attribute="RETURN",
    ),
    Listed(
        name="return-request",
        summary="print the Graph request with which the agent's app returns a user's thread",
        module="meta.return_request",
    ),
    Listed(
        name="dead",
        summary="list what was set aside because it failed for good, or retry it",
        module="running.dead",
    ),
    Listed(
        name="export",
        summary="print everything that the plugin keeps about a user",
        module="running.handovers",
        attribute="EXPORT",
    ),
    Listed(
        name="forget",
        summary="erase everything that the plugin keeps about a user",
        module="running.handovers",
        attribute="FORGET",
    ),
)
_NO_RASA = (
    "This command reads the project as Rasa does, and {python} has no Rasa. Run it in the "
    "project's environment, where `rasa` or `rasa-pro` is installed."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 if it did its work, 1 if not, 2 for a wrong call."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # its encoding may lack some characters
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `| head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: Sequence[str]) -> int:
    parser = _parser(arguments)
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    options = parser.parse_args(arguments)
    if (host := installed()) and host.refused:
        print(host.refused, file=sys.stderr)
        return 1
    try:
        with warnings.catch_warnings(record=True):  # Rasa's imports are full of them
            status: int = options.run(options)
    except HandoverError as error:
        print(error, file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if error.name != "rasa":
            raise
        print(_NO_RASA.format(python=sys.executable), file=sys.stderr)
        return 1
    return status


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command that is called; the others are only listed."""
    parser = argparse.ArgumentParser(
        prog=_called_as(), description="Tools for a Messenger assistant with handover."
    )
    parser.add_argument("--version", action="version", version=told())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    called = next((one for one in arguments if not one.startswith("-")), None)
    for listed in COMMANDS:
        own = commands.add_parser(listed.name, help=listed.summary)
        if listed.name == called:
            command = listed.load()
            own.description = command.description
            command.add_arguments(own)
            own.set_defaults(run=command.run)
    return parser


def _called_as() -> str:
    started = Path(sys.argv[0]).name
    return f"python -m {__package__}" if started == "__main__.py" else "rasa-handover"
