"""What a command of the command line is made of."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One command; the module that has its work offers it as `COMMAND`.

    Attributes:
        name: what people type.
        summary: half a line for the list of commands.
        description: what it does, for its own `--help`.
        add_arguments: adds its arguments to its parser.
        run: does its work, prints what people are to read, and returns the exit status: 0 if it
            did its work, 1 if not. A `HandoverError` that it raises is printed, for status 1.
    """

    name: str
    summary: str
    description: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
