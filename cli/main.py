"""The command line: `rasa-handover`, and in the repository `python -m cli`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from channels.core.errors import HandoverError

from . import apps, return_request, running_bot
from .doctor import command as doctor
from .init import command as init

# Each command is a `Command` that its module offers; `--help` lists them in this order.
COMMANDS = (
    init.COMMAND,
    doctor.COMMAND,
    apps.COMMAND,
    running_bot.SESSIONS,
    running_bot.RETURN,
    return_request.COMMAND,
    running_bot.FORGET,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did its work, 1 if not, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings(record=True):  # Rasa's imports are full of them
            status: int = options.run(options)
    except HandoverError as error:
        print(error, file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_called_as(), description="Tools for a Messenger assistant with handover."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        own = commands.add_parser(
            command.name, help=command.summary, description=command.description
        )
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    return parser


def _called_as() -> str:
    started = Path(sys.argv[0]).name
    return f"python -m {__package__}" if started == "__main__.py" else "rasa-handover"
