"""What was set aside for good, in SQL: listed and retried. Operations for the writer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from ...core.events import Event, Thread
from ...core.records.dead import Dead, DeadId, Part
from ..claims.claims import REVIVED
from ..database.schema import AT_ONCE, DEAD, WAITING, inbox, moment, outgoing


class _Of(msgspec.Struct, frozen=True):
    """What all messages have that is needed here."""

    thread: Thread


_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_MESSAGE = msgspec.json.Decoder(_Of)
_TABLES = {Part.EVENT: inbox, Part.MESSAGE: outgoing}


def _is_dead(part: Part) -> ColumnElement[bool]:
    table = _TABLES[part]
    return (table.c.state == DEAD) & table.c.handled_at_us.is_not(None)


def _listing(part: Part, data: str, since: str) -> Any:
    table = _TABLES[part]
    columns = (table.c.position, table.c[data], table.c[since], table.c.handled_at_us)
    return (
        select(*columns, table.c.error)
        .where(_is_dead(part))
        .order_by(table.c.handled_at_us.desc(), table.c.position.desc())
        .limit(bindparam("limit", type_=Integer))
    )


_LISTINGS = {
    Part.EVENT: _listing(Part.EVENT, "event", "recorded_at_us"),
    Part.MESSAGE: _listing(Part.MESSAGE, "data", "said_at_us"),
}
# As if a worker had held it before, so that what was done already is not done again.
_RETRIES = {
    part: update(table)
    .where(_is_dead(part))
    .values(
        state=WAITING,
        failures=0,
        attempts=0,
        handled_at_us=None,
        claimed_by=REVIVED,
        claimed_until_us=0,
    )
    for part, table in _TABLES.items()
}


_ATTEMPTS = {
    part: (
        update(table)
        .where(table.c.position == bindparam("this_position"), table.c.state == WAITING)
        .values(attempts=table.c.attempts + bindparam("times", type_=Integer)),
        select(table.c.attempts).where(table.c.position == bindparam("this_position")),
    )
    for part, table in _TABLES.items()
}


def attempt(connection: Connection, id_: DeadId, times: int = 1) -> int:
    """Add to the attempts of an event or a message that waits; return how many there are."""
    add, count = _ATTEMPTS[id_.part]
    this = {"this_position": id_.position}
    connection.execute(add, {**this, "times": times})
    return int(connection.execute(count, this).scalar() or 0)


def listed(connection: Connection, *, limit: int) -> list[Dead]:
    """Those that died last come first."""
    found = [
        _dead(part, *row)
        for part, listing in _LISTINGS.items()
        for row in connection.execute(listing, {"limit": limit})
    ]
    return sorted(found, key=lambda dead: (dead.died_at, dead.id.position), reverse=True)[:limit]


def retry(connection: Connection, ids: Collection[DeadId] | None = None) -> int:
    """Let the dead ones among these, or all that are dead, wait again; return how many do."""
    if ids is None:
        return sum(connection.execute(retried).rowcount for retried in _RETRIES.values())
    return sum(
        _retry_some(connection, part, [each.position for each in ids if each.part is part])
        for part in Part
    )


def _retry_some(connection: Connection, part: Part, positions: Sequence[int]) -> int:
    retried = 0
    for start in range(0, len(positions), AT_ONCE):
        these = _TABLES[part].c.position.in_(positions[start : start + AT_ONCE])
        retried += connection.execute(_RETRIES[part].where(these)).rowcount
    return retried


def _dead(
    part: Part, position: int, data: str, since_us: int, died_us: int, error: str | None
) -> Dead:
    if part is Part.EVENT:
        event = _EVENT.decode(data)
        thread, kind = event.thread, str(event.__struct_config__.tag)
    else:
        thread, kind = _MESSAGE.decode(data).thread, part.value
    return Dead(
        id=DeadId(part=part, position=position),
        thread=thread,
        kind=kind,
        since=moment(since_us),
        died_at=moment(died_us),
        error=error or "unknown",
    )
