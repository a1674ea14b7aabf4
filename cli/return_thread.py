"""`return`: let a running bot take a user's thread back."""

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
    answer = asyncio.run(client_of(options).return_thread(options.user))
    if options.json:
        print(msgspec.json.encode(answer).decode())
    else:
        print(f"The bot takes the thread of {options.user} back.")
    return 0


COMMAND = Command(
    name="return",
    summary="let the bot take a user's thread back",
    description="End a user's open handover, with the end reason operator_request.",
    add_arguments=_add_arguments,
    run=_run,
)
