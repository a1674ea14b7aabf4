"""Who works on the database, in SQL: each function is an operation for the writer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from .protocol import CLAIM_LEASE
from .schema import microseconds, workers

_INSERT = {"sqlite": sqlite.insert(workers), "postgresql": postgresql.insert(workers)}
_REPORT = {
    dialect: insert.on_conflict_do_update(
        index_elements=[workers.c.worker], set_={"seen_at_us": insert.excluded.seen_at_us}
    )
    for dialect, insert in _INSERT.items()
}
_ALIVE = (
    select(func.count()).select_from(workers).where(workers.c.seen_at_us > bindparam("since_us"))
)
_LEAVE = delete(workers).where(workers.c.worker == bindparam("this_worker"))
_PRUNE = delete(workers).where(workers.c.seen_at_us < bindparam("before_us"))


def report(connection: Connection, now: datetime, *, worker: str) -> int:
    """Note that the worker is alive; how many are."""
    row = {"worker": worker, "seen_at_us": microseconds(now)}
    connection.execute(_REPORT[connection.dialect.name], row)
    since = {"since_us": microseconds(now - CLAIM_LEASE)}
    return int(connection.execute(_ALIVE, since).scalar_one())


def leave(connection: Connection, *, worker: str) -> None:
    connection.execute(_LEAVE, {"this_worker": worker})


def prune(connection: Connection, *, before: datetime) -> None:
    """Forget the workers that were last heard of before then."""
    connection.execute(_PRUNE, {"before_us": microseconds(before)})
