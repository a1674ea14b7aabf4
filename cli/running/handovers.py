"""The commands about handovers that ask a running bot: `sessions`, `return`, `export`, `forget`."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

import msgspec

from channels.core.sessions.session import State
from channels.operators.answers import Handover, OpenHandovers
from channels.operators.client import OperatorClient
from channels.operators.queries import LONGEST_PERIOD

from ..command import Command, add_user_argument
from ..credentials.raw import CREDENTIALS_FILE, TOKEN_VARIABLE, admin_token
from ..terminal import agrees, brief, table

_HEADS = ("USER", "PLAN", "OWNER", "SINCE", "TIME LEFT")


def listing(answer: OpenHandovers) -> str:
    """A table of the open handovers, for people."""
    if not answer.handovers:
        return "No handover is open."
    rows = [
        (one.sender_id, one.plan, _owner(one), _since(one), _left(one, answer))
        for one in answer.handovers
    ]
    lines = [table(_HEADS, rows)]
    if answer.total > len(rows):
        lines.append(f"These are the oldest {len(rows)} of {answer.total}.")
    return "\n".join(lines)


def _owner(one: Handover) -> str:
    if one.state is State.WAITING:
        return "the bot"
    return one.target_app_name or f"app {one.target_app}"


def _since(one: Handover) -> str:
    return f"{one.opened_at:%Y-%m-%d %H:%M} UTC"


def _left(one: Handover, answer: OpenHandovers) -> str:
    if one.state is not State.ACTIVE:
        return str(one.state.value)
    if one.ends_at is None:
        return "stays with the agent"
    return brief(one.ends_at - answer.now)


def _list_sessions(options: Namespace) -> int:
    if options.csv:
        print(asyncio.run(client_of(options).sheet(options.days)), end="")
        return 0
    answer = asyncio.run(client_of(options).open_handovers())
    print(msgspec.json.encode(answer).decode() if options.json else listing(answer))
    return 0


def _return_thread(options: Namespace) -> int:
    answer = asyncio.run(client_of(options).return_thread(options.user))
    if options.json:
        print(msgspec.json.encode(answer).decode())
    else:
        print(f"The bot takes the thread of {options.user} back.")
    return 0


def _forget(options: Namespace) -> int:
    question = f"Erase everything that the plugin keeps about {options.user}? It can't be undone."
    if not (options.yes or agrees(question)):
        print("Nothing was erased. (--yes erases without asking.)", file=sys.stderr)
        return 1
    answer = asyncio.run(client_of(options).forget(options.user))
    if options.json:
        print(msgspec.json.encode(answer).decode())
    else:
        print(
            f"Erased {answer.erased} entries of {options.user}: events, handovers and what was "
            "said in them. Rasa's tracker store and Meta keep their own."
        )
    return 0


def _export(options: Namespace) -> int:
    answer = asyncio.run(client_of(options).export(options.user))
    told = msgspec.json.encode(answer)
    print((told if options.json else msgspec.json.format(told)).decode())
    return 0


def add_bot_arguments(parser: ArgumentParser) -> None:
    """Add the arguments for where the bot is, and how to print the answer."""
    parser.add_argument(
        "--credentials",
        metavar="FILE",
        help=f"the credentials file with the bot's admin-token (default: ${TOKEN_VARIABLE}, or "
        f"else {CREDENTIALS_FILE})",
    )
    parser.add_argument(
        "--url",
        default="http://localhost:5005",
        help="the address of the running Rasa server (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def client_of(options: Namespace) -> OperatorClient:
    """The client of the bot that the arguments name."""
    return OperatorClient(url=options.url, admin_token=admin_token(options.credentials))


def _add_user_and_bot_arguments(parser: ArgumentParser) -> None:
    add_user_argument(parser)
    add_bot_arguments(parser)


def _add_forget_arguments(parser: ArgumentParser) -> None:
    _add_user_and_bot_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="erase without asking")


def _add_sessions_arguments(parser: ArgumentParser) -> None:
    add_bot_arguments(parser)
    parser.add_argument(
        "--csv",
        action="store_true",
        help="print the open handovers, and those that have ended, as CSV",
    )
    add_days_argument(parser)


def add_days_argument(parser: ArgumentParser) -> None:
    """Add the option for how far to look back."""
    parser.add_argument(
        "--days", type=_days, default=7, help="how many days back, 1 to 3650 (default: %(default)s)"
    )


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LONGEST_PERIOD):
        raise ArgumentTypeError(f"write a number from 1 to {LONGEST_PERIOD}")
    return int(text)


SESSIONS = Command(
    description="List the open handovers of a running bot, through its operator API.",
    add_arguments=_add_sessions_arguments,
    run=_list_sessions,
)
RETURN = Command(
    description="End a user's open handover, with the end reason operator_request.",
    add_arguments=_add_user_and_bot_arguments,
    run=_return_thread,
)
FORGET = Command(
    description="Erase a user's events, handovers and transcripts. It can't be undone. Rasa's "
    "tracker store keeps its conversation, and Meta the messages.",
    add_arguments=_add_forget_arguments,
    run=_forget,
)
EXPORT = Command(
    description="Print everything that the plugin keeps about a user, as JSON: events, handovers, "
    "transcripts, and what the bot said. Rasa's tracker store and Meta keep their own data.",
    add_arguments=_add_user_and_bot_arguments,
    run=_export,
)
