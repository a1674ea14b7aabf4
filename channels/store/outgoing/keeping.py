"""How long messages are kept, in SQL: operations for the writer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, bindparam, delete, func, select
from sqlalchemy.engine import Connection

from ...core.events import Thread
from ...core.records.kept import Backlog
from ..database.schema import (
    DEAD,
    is_held,
    is_outgoing,
    microseconds,
    moment,
    outgoing,
)
from .rows import IS_THREAD_S

_COUNT = select(func.count()).select_from(outgoing)
_COUNT_DEAD = _COUNT.where(outgoing.c.state == DEAD, outgoing.c.handled_at_us.is_not(None))
_OLDEST = select(outgoing.c.said_at_us).where(is_outgoing).order_by(outgoing.c.position).limit(1)
_FORGET = delete(outgoing).where(IS_THREAD_S)
_PRUNE = delete(outgoing).where(
    outgoing.c.position.in_(
        select(outgoing.c.position)
        .where(
            outgoing.c.state == bindparam("its_state"),
            outgoing.c.handled_at_us.is_not(None),
            outgoing.c.handled_at_us < bindparam("at_us"),
        )
        .limit(bindparam("limit", type_=Integer))
    )
)
_PRUNE_HELD = delete(outgoing).where(
    outgoing.c.position.in_(
        select(outgoing.c.position)
        .where(is_held, outgoing.c.said_at_us < bindparam("at_us"))
        .limit(bindparam("limit", type_=Integer))
    )
)


def backlog(connection: Connection) -> Backlog:
    oldest_us = connection.execute(_OLDEST).scalar()
    return Backlog(
        waiting=int(connection.execute(_COUNT.where(is_outgoing)).scalar_one()),
        oldest_at=None if oldest_us is None else moment(oldest_us),
        dead=int(connection.execute(_COUNT_DEAD).scalar_one()),
        held=int(connection.execute(_COUNT.where(is_held)).scalar_one()),
    )


def forget(connection: Connection, thread: Thread) -> int:
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def prune(connection: Connection, *, state: str, before: datetime, limit: int) -> int:
    """Delete up to `limit` that have been in this state since `before`, or longer; how many."""
    asked = {"its_state": state, "at_us": microseconds(before), "limit": limit}
    return int(connection.execute(_PRUNE, asked).rowcount)


def prune_held(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` that are held, and were said before `before`; return how many."""
    asked = {"at_us": microseconds(before), "limit": limit}
    return int(connection.execute(_PRUNE_HELD, asked).rowcount)
