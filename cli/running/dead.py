"""`dead`: lists what a running bot has set aside because it failed for good, or retries it."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace

import msgspec

from channels.core.records.dead import dead_id
from channels.operators.answers import DeadOnes, Retried
from channels.operators.client import OperatorClient

from ..command import Command
from ..terminal import table
from .handovers import add_bot_arguments, client_of

_HEADS = ("ID", "KIND", "USER", "SINCE", "SET ASIDE", "ERROR")


def listing(answer: DeadOnes) -> str:
    """A table of what was set aside, for people."""
    if not answer.dead:
        return "Nothing is set aside."
    rows = [
        (one.id, one.kind, one.sender_id, _at(one.since), _at(one.died_at), one.error)
        for one in answer.dead
    ]
    return table(_HEADS, rows)


def _at(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


async def _retry(client: OperatorClient, ids: list[str]) -> Retried:
    if not ids:
        return await client.retry_dead()
    return Retried(retried=sum([(await client.retry_dead(one)).retried for one in ids]))


def _run(options: Namespace) -> int:
    client = client_of(options)
    if options.retry is None:
        answer = asyncio.run(client.dead())
        print(msgspec.json.encode(answer).decode() if options.json else listing(answer))
        return 0
    retried = asyncio.run(_retry(client, options.retry))
    if options.json:
        print(msgspec.json.encode(retried).decode())
    else:
        print(f"{retried.retried} retried.")
    return 0


def _id(text: str) -> str:
    if dead_id(text) is None:
        raise ArgumentTypeError("an id is event-N or message-N, as in `rasa-handover dead`")
    return text


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--retry",
        nargs="*",
        type=_id,
        metavar="ID",
        help="retry these; without an ID, all",
    )
    add_bot_arguments(parser)


COMMAND = Command(
    description="List the events and messages that a running bot has set aside because they "
    "failed for good, without a word of what anybody wrote; or retry them.",
    add_arguments=_add_arguments,
    run=_run,
)
