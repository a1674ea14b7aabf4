"""Before a message is sent, and what became of it, in SQL: operations for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, not_, or_, select, update
from sqlalchemy.engine import Connection

from ...core.events import Thread
from ...core.records.outgoing import OutgoingEntry, Standing
from ...core.sessions.session import Session
from ..claims.claims import NOBODY, do_in_parts
from ..database.schema import (
    AT_ONCE,
    DEAD,
    DROPPED,
    HELD,
    SENT,
    is_outgoing,
    microseconds,
    outgoing,
)
from ..sessions.sessions import open_of_threads
from .claiming import release
from .rows import IS_THREAD_S, OUTGOING, STILL_OURS, among_these

_STANDING = select(outgoing.c.position, outgoing.c.state).where(
    among_these, or_(not_(is_outgoing), STILL_OURS)
)
_IS_THIS = outgoing.c.position == bindparam("this_position")
_SENT = (
    update(outgoing)
    .where(_IS_THIS)
    .values(
        state=SENT,
        mid=func.coalesce(bindparam("its_mid"), outgoing.c.mid),
        handled_at_us=bindparam("now_us"),
    )
)
_THIS_AND_BEHIND = select(outgoing.c.position).where(
    outgoing.c.thread == select(outgoing.c.thread).where(_IS_THIS).scalar_subquery(),
    outgoing.c.position >= bindparam("this_position"),
    is_outgoing,
)
_HOLD = (
    update(outgoing)
    .where(among_these, is_outgoing)
    .values(state=HELD, claimed_by=NOBODY, claimed_until_us=0)
)
_DROP = (
    update(outgoing)
    .where(_IS_THIS, is_outgoing)
    .values(state=DROPPED, handled_at_us=bindparam("now_us"))
)
_DROP_REST_OF_TURN = (
    update(outgoing)
    .where(IS_THREAD_S, outgoing.c.turn == bindparam("this_turn"), is_outgoing)
    .values(state=DROPPED, handled_at_us=bindparam("now_us"))
)
_GIVE_UP = (
    update(outgoing)
    .where(_IS_THIS, is_outgoing)
    .values(state=DEAD, error=bindparam("error_class"), handled_at_us=bindparam("now_us"))
)
_FAILED = update(outgoing).where(_IS_THIS, is_outgoing).values(failures=outgoing.c.failures + 1)
_FAILURES = select(outgoing.c.failures).where(_IS_THIS)
_WAITS = select(outgoing.c.position).where(IS_THREAD_S, is_outgoing).limit(1)
_ECHO = (
    update(outgoing)
    .where(outgoing.c.mark == bindparam("its_mark"), is_outgoing)
    .values(state=SENT, handled_at_us=bindparam("now_us"))
)
_HAS_ECHO = select(outgoing.c.position).where(
    outgoing.c.mark == bindparam("its_mark"), outgoing.c.state == SENT
)
_GIVEN_UP = (outgoing.c.state == DROPPED) & (outgoing.c.failures > 0)
_UNNAMED = (outgoing.c.state == SENT) & outgoing.c.mid.is_(None)
_FIRST = select(func.min(outgoing.c.position)).where(IS_THREAD_S, is_outgoing).scalar_subquery()
_UNCONFIRMED = (
    select(outgoing.c.position, outgoing.c.data)
    .where(IS_THREAD_S, or_(outgoing.c.position == _FIRST, _GIVEN_UP, _UNNAMED))
    .order_by(outgoing.c.position)
)
_BY_MID = select(outgoing.c.position).where(outgoing.c.mid == bindparam("its_mid"))


def before_send(
    connection: Connection, asked: Sequence[OutgoingEntry], *, worker: str
) -> list[tuple[Standing | None, Session | None]]:
    """The status of each message, and its thread's open session; see `Store.before_send`.

    What comes after a message that another worker has is given back: if it stayed this worker's
    without its knowing, what is said next would overtake it.
    """
    standing: dict[int, str] = {}
    for start in range(0, len(asked), AT_ONCE):
        positions = [entry.position for entry in asked[start : start + AT_ONCE]]
        part = {"positions": positions, "worker": worker}
        standing.update(connection.execute(_STANDING, part).all())
    if lost := [entry.position for entry in asked if entry.position not in standing]:
        release(connection, lost, worker=worker)
    threads = list({entry.outgoing.thread for entry in asked})
    open_ones = dict(zip(threads, open_of_threads(connection, threads), strict=True))
    return [
        (
            Standing(standing[entry.position]) if entry.position in standing else None,
            open_ones[entry.outgoing.thread],
        )
        for entry in asked
    ]


def sent(connection: Connection, taken: Sequence[tuple[int, str, datetime]]) -> list[None]:
    """Meta has accepted the messages of many calls; a `mid` is "" if only an echo has shown it."""
    rows = [
        {"this_position": position, "its_mid": mid or None, "now_us": microseconds(now)}
        for position, mid, now in sorted(taken)
    ]
    connection.execute(_SENT, rows)
    return [None] * len(taken)


def hold(connection: Connection, position: int) -> list[int]:
    """Hold a message, and those behind it, which would overtake it; return all their positions."""
    found = connection.execute(_THIS_AND_BEHIND, {"this_position": position})
    positions = list(found.scalars())
    do_in_parts(connection, _HOLD, positions)
    return positions


def drop(connection: Connection, entry: OutgoingEntry, now: datetime, *, rest: bool) -> None:
    """Drop a message, and with `rest` everything else of its turn that waits."""
    at = {"now_us": microseconds(now)}
    connection.execute(_DROP, {"this_position": entry.position, **at})
    if rest:
        said = entry.outgoing
        of_turn = {"this_thread": said.thread.key, "this_turn": said.turn}
        connection.execute(_DROP_REST_OF_TURN, {**of_turn, **at})


def give_up(connection: Connection, position: int, now: datetime, *, error: str) -> None:
    """Set a message aside as dead, with the class of its error."""
    this = {"this_position": position, "error_class": error, "now_us": microseconds(now)}
    connection.execute(_GIVE_UP, this)


def failed(connection: Connection, position: int) -> int:
    """Count a send whose answer was lost; return how many there have been."""
    this = {"this_position": position}
    connection.execute(_FAILED, this)
    return int(connection.execute(_FAILURES, this).scalar() or 0)


def waits(connection: Connection, thread: Thread) -> bool:
    """Whether a message of the thread waits to be sent by any worker."""
    return connection.execute(_WAITS, {"this_thread": thread.key}).first() is not None


def keep_echo(connection: Connection, heard: Sequence[tuple[str, datetime]]) -> list[None]:
    """Meta has the messages with these marks; updated in a fixed order, against deadlocks."""
    rows = [{"its_mark": mark, "now_us": microseconds(at)} for mark, at in sorted(heard)]
    connection.execute(_ECHO, rows)
    return [None] * len(heard)


def has_echo(connection: Connection, mark: str) -> bool:
    return connection.execute(_HAS_ECHO, {"its_mark": mark}).first() is not None


def unconfirmed(connection: Connection, thread: Thread) -> list[OutgoingEntry]:
    """The thread's messages that Meta may have without our knowing their ids."""
    found = connection.execute(_UNCONFIRMED, {"this_thread": thread.key})
    return [
        OutgoingEntry(position=position, outgoing=OUTGOING.decode(data)) for position, data in found
    ]


def has_mid(connection: Connection, mid: str) -> bool:
    """Whether a message of ours got this id from Meta."""
    return connection.execute(_BY_MID, {"its_mid": mid}).first() is not None
