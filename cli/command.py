"""What a command consists of."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

_SENDER_ID = re.compile(r"([0-9]{1,32}:)?[0-9]{1,32}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One command, as the module that does its work defines it.

    Attributes:
        description: what it does, for its own `--help`.
        add_arguments: adds its arguments to its parser.
        run: does its work, prints what people should read, and returns the exit status: 0 if it
            did its work, 1 if not. If it raises a `HandoverError`, that is printed, with status 1.
            It imports Rasa, directly or indirectly, only when it runs.
    """

    description: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A command's entry in the list of commands, which does not load it.

    Attributes:
        name: what people type.
        summary: half a line for the list.
        module: where the command is, within this package.
        attribute: its name there.
    """

    name: str
    summary: str
    module: str
    attribute: str = "COMMAND"

    def load(self) -> Command:
        """The command itself, now that somebody has typed its name."""
        command: Command = getattr(import_module(f".{self.module}", __package__), self.attribute)
        return command


def add_user_argument(parser: ArgumentParser) -> None:
    """Add the argument for the user."""
    parser.add_argument(
        "user",
        type=sender_id,
        metavar="USER",
        help="the user's id; with several Pages: PAGE:USER",
    )


def sender_id(text: str) -> str:
    """A user given as an argument, in the form of Rasa's sender ids."""
    if not _SENDER_ID.fullmatch(text):
        raise ArgumentTypeError("a user is a number, or PAGE:USER, like Rasa's sender ids")
    return text


def add_credentials_argument(parser: ArgumentParser) -> None:
    """Add the option for the credentials file."""
    parser.add_argument(
        "--credentials",
        default="credentials.yml",
        metavar="FILE",
        help="the credentials file (default: %(default)s)",
    )
