"""`sessions`: the open handovers of a running bot."""

from __future__ import annotations

import asyncio
from argparse import Namespace

import msgspec

from channels.core.sessions import State
from channels.operators.answers import Handover, Handovers

from .command import Command
from .operator_command import add_bot_arguments, client_of
from .terminal import brief, table

_HEADS = ("USER", "PLAN", "OWNER", "SINCE", "TIME LEFT")


def listing(answer: Handovers) -> str:
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
    return "Page Inbox" if one.is_with_inbox else f"app {one.target_app}"


def _since(one: Handover) -> str:
    return f"{one.opened_at:%Y-%m-%d %H:%M} UTC"


def _left(one: Handover, answer: Handovers) -> str:
    if one.state is not State.ACTIVE:
        return str(one.state.value)
    if one.ends_at is None:
        return "stays with the agent"
    return brief(one.ends_at - answer.now)


def _run(options: Namespace) -> int:
    answer = asyncio.run(client_of(options).open_handovers())
    print(msgspec.json.encode(answer).decode() if options.json else listing(answer))
    return 0


COMMAND = Command(
    name="sessions",
    summary="list the open handovers: who has whose thread, since when, and the time left",
    description="List the open handovers of a running bot, by its operator API.",
    add_arguments=add_bot_arguments,
    run=_run,
)
