"""What the bot says, stored in that order, in SQL: operations for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.engine import Connection

from ...core.errors import BotSilenced, ClaimLost
from ...core.events import Thread
from ...core.records.outgoing import Outgoing, OutgoingEntry, Said
from ..claims import claims, workers
from ..claims.claims import NOBODY, do_in_parts
from ..database.hot import execute, insert
from ..database.schema import (
    AT_ONCE,
    HELD,
    WAITING,
    inbox,
    is_held,
    is_outgoing,
    is_waiting,
    lease_end,
    microseconds,
    outgoing,
)
from ..sessions.sessions import open_of_threads
from .claiming import renew
from .rows import IS_OURS, OF_TURN, OUTGOING, among_these

_SAID = (
    "thread",
    "page",
    "turn",
    "mark",
    "event_key",
    "session_id",
    "data",
    "said_at_us",
    "state",
    "claimed_by",
    "claimed_until_us",
)
_Row = tuple[str, str, str, str, str | None, str | None, str, int, str, str, int]
_ROWS_AT_ONCE = AT_ONCE // len(_SAID)
_BEFORE_THESE = (
    f"SELECT thread, state FROM handover_outgoing WHERE thread IN ? AND state = '{HELD}' "  # noqa: S608
    "UNION SELECT thread, state FROM handover_outgoing "
    f"WHERE thread IN ? AND state = '{WAITING}' AND claimed_by != ?"
)
_IS_OF_OUR_TURN = or_(
    outgoing.c.event_key.is_(None),
    select(inbox.c.position)
    .where(
        inbox.c.key == outgoing.c.event_key, is_waiting, inbox.c.claimed_by == bindparam("worker")
    )
    .exists(),
)
_WITHDRAW = delete(outgoing).where(among_these, or_(is_outgoing, is_held), _IS_OF_OUR_TURN)
_OURS = select(outgoing.c.data, outgoing.c.claimed_until_us).where(among_these, IS_OURS)


def say(
    connection: Connection,
    asked: Sequence[tuple[Outgoing, bool, bool, bool]],
    *,
    worker: str,
    is_alone: bool = False,
) -> list[int | None]:
    """Insert the messages of many calls; each gets its message's position if it is in its hand.

    Each call gives the message, and whether it is `in_hand`, `held` and `in_turn`: see `Store.say`,
    also for what is raised. Claims are not checked if the worker `is_alone`.
    """
    if not is_alone:
        _check_claims(connection, asked, worker)
    _check_sessions(connection, [said for said, *_ in asked])
    threads = tuple({said.thread.key for said, *_ in asked})
    with_held, elsewhere = _before_these(connection, threads, worker)
    rows: list[_Row] = []
    for said, in_hand, held, _ in asked:
        thread = said.thread.key
        if held:
            with_held.add(thread)
        elif not in_hand:
            elsewhere.add(thread)
        held = thread in with_held
        is_ours = not held and thread not in elsewhere
        rows.append(_row(said, thread, held=held, claimant=worker if is_ours else NOBODY))
    claimants = (claimant for *_, claimant, _ in rows)
    return [
        None if claimant == NOBODY else position
        for position, claimant in zip(_insert(connection, rows), claimants, strict=True)
    ]


def _check_claims(
    connection: Connection, asked: Sequence[tuple[Outgoing, bool, bool, bool]], worker: str
) -> None:
    keys = {said.event_key for said, *_ in asked if said.event_key is not None}
    turns = {said.thread.key for said, _, _, in_turn in asked if in_turn}
    is_ours = not keys or claims.of_ours(connection, keys, worker=worker) == keys
    if not is_ours or (turns and workers.of_ours(connection, turns, worker=worker) != turns):
        raise ClaimLost("What was said belongs to a turn that another worker has taken over.")


def _check_sessions(connection: Connection, said: Sequence[Outgoing]) -> None:
    open_ones = open_of_threads(connection, [each.thread for each in said])
    for each, session in zip(said, open_ones, strict=True):
        if session is not None and session.silences(each.cause):
            raise BotSilenced("A live agent has the thread.")


def of_turn(connection: Connection, thread: Thread, turn: str) -> list[Said]:
    """What attempts at the turn have said, in order, except what was dropped."""
    found = connection.execute(OF_TURN, {"this_thread": thread.key, "this_turn": turn})
    said = ((position, OUTGOING.decode(data), state) for position, data, state in found)
    return [
        Said(
            position=position,
            place=one.place,
            message=one.message,
            response=one.response,
            is_waiting=state in (WAITING, HELD),
        )
        for position, one, state in said
    ]


def take_again(
    connection: Connection, position: int, now: datetime, *, worker: str
) -> OutgoingEntry | None:
    """A waiting message that is this worker's already; its claim begins anew.

    It is doubtful unless its claim is still the one that it was stored with: if it was claimed
    later, another worker may have had it before.
    """
    found = connection.execute(_OURS, {"positions": [position], "worker": worker}).first()
    if found is None or not renew(connection, [position], now, worker=worker, may_be_lost=True):
        return None
    said = OUTGOING.decode(found.data)
    return OutgoingEntry(
        position=position,
        outgoing=said,
        is_doubtful=found.claimed_until_us != lease_end(said.said_at),
    )


def withdraw(connection: Connection, positions: Sequence[int], *, worker: str) -> None:
    """Delete those that are not sent yet and whose turn no other worker has taken over."""
    do_in_parts(connection, _WITHDRAW, positions, worker=worker)


def _before_these(
    connection: Connection, threads: tuple[str, ...], worker: str
) -> tuple[set[str], set[str]]:
    """The threads in which something is held, and those in which something waits elsewhere."""
    found: dict[str, set[str]] = {HELD: set(), WAITING: set()}
    for thread, state in execute(connection, _BEFORE_THESE, threads, threads, worker):
        found[state].add(thread)
    return found[HELD], found[WAITING]


def _insert(connection: Connection, rows: Sequence[_Row]) -> list[int]:
    """Insert them in this order; returns their positions."""
    positions: list[int] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        positions += insert(connection, "handover_outgoing", _SAID, some)
    return positions


def _row(said: Outgoing, thread: str, *, held: bool, claimant: str) -> _Row:
    return (
        thread,
        said.thread.page,
        said.turn,
        said.mark,
        said.event_key,
        said.session_id,
        msgspec.json.encode(said).decode(),
        microseconds(said.said_at),
        HELD if held else WAITING,
        claimant,
        0 if claimant == NOBODY else lease_end(said.said_at),
    )
