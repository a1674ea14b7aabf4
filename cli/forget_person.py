"""`forget`: erase all that the plugin keeps of a user."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace

import msgspec

from .command import Command
from .operator_command import add_bot_arguments, add_user_argument, client_of


def _add_arguments(parser: ArgumentParser) -> None:
    add_user_argument(parser)
    add_bot_arguments(parser)


def _run(options: Namespace) -> int:
    answer = asyncio.run(client_of(options).forget(options.user))
    if options.json:
        print(msgspec.json.encode(answer).decode())
    else:
        print(
            f"Erased {answer.erased} entries of {options.user}: events, handovers and what was "
            "said in them. Rasa's tracker store and Meta keep their own."
        )
    return 0


COMMAND = Command(
    name="forget",
    summary="erase all that the plugin keeps of a user",
    description="Erase a user's events, handovers and transcripts. It can't be undone. Rasa's "
    "tracker store keeps its conversation, and Meta the messages.",
    add_arguments=_add_arguments,
    run=_run,
)
