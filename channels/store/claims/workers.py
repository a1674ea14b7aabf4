"""What the workers on one database tell each other, in SQL: operations for the writer.

They tell that they are alive, and which of them may tell Rasa of a thread's session (on SQLite the
only worker needs no permission).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from ...core.events import Thread
from ..database.schema import microseconds, turns, workers
from ..protocol import CLAIM_LEASE

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

_are_these = turns.c.thread.in_(bindparam("threads", expanding=True))
_is_ours = turns.c.worker == bindparam("this_worker")
_ANOTHER_WORKERS = select(turns.c.thread).where(
    _are_these, turns.c.worker != bindparam("this_worker"), turns.c.until_us > bindparam("now_us")
)
_OURS = select(turns.c.thread).where(_are_these, _is_ours)
# Locked, so that nobody takes a turn over before what is said in it is stored.
_OURS_NOW = _OURS.order_by(turns.c.thread).with_for_update(read=True)
_NEW_TURN = postgresql.insert(turns)
_RESERVE = _NEW_TURN.on_conflict_do_update(
    index_elements=[turns.c.thread],
    set_={"worker": _NEW_TURN.excluded.worker, "until_us": _NEW_TURN.excluded.until_us},
    where=or_(turns.c.until_us <= bindparam("now_us"), turns.c.worker == _NEW_TURN.excluded.worker),
)
_FREE = delete(turns).where(_are_these, _is_ours)
_RENEW = update(turns).where(_are_these, _is_ours).values(until_us=bindparam("renewed_us"))
_FORGET = delete(turns).where(turns.c.thread == bindparam("this_thread"))

_PRUNE = [
    delete(table).where(at_us < bindparam("before_us"))
    for table, at_us in (
        (workers, workers.c.seen_at_us),
        (turns, turns.c.until_us),
    )
]


def database_time(connection: Connection) -> datetime:
    """PostgreSQL's clock at this moment, not at the transaction's start."""
    told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return told.astimezone(timezone.utc)


def report(connection: Connection, now: datetime, *, worker: str) -> int:
    """Note that the worker is alive; returns how many are."""
    row = {"worker": worker, "seen_at_us": microseconds(now)}
    connection.execute(_REPORT[connection.dialect.name], row)
    since = {"since_us": microseconds(now - CLAIM_LEASE)}
    return int(connection.execute(_ALIVE, since).scalar_one())


def leave(connection: Connection, *, worker: str) -> None:
    connection.execute(_LEAVE, {"this_worker": worker})


def reserve_turns(
    connection: Connection, asked: Sequence[tuple[Thread, datetime, timedelta]], *, worker: str
) -> list[bool]:
    """Reserve the threads of many calls, each with its time and the `Outages.allowance` at it.

    Each call gets False if another worker has the thread; that worker's turn counts for the
    allowance longer than it says. The others are taken in a fixed order, so that two workers don't
    wait for each other in a circle.
    """
    keys = sorted({thread.key for thread, _, _ in asked})
    now = max(at for _, at, _ in asked)
    lapsed_us = microseconds(min(at - allowance for _, at, allowance in asked))
    these = {"threads": keys, "this_worker": worker, "now_us": lapsed_us}
    taken = set(connection.execute(_ANOTHER_WORKERS, these).scalars())
    until_us = microseconds(now + CLAIM_LEASE)
    rows = [
        {"thread": key, "worker": worker, "until_us": until_us, "now_us": lapsed_us}
        for key in keys
        if key not in taken
    ]
    if rows:
        connection.execute(_RESERVE, rows)
    ours = set(connection.execute(_OURS, these).scalars())
    return [thread.key in ours for thread, _, _ in asked]


def free_turns(connection: Connection, threads: Collection[Thread], *, worker: str) -> list[None]:
    """Let other workers have the threads of many calls, if they are this worker's."""
    keys = [thread.key for thread in threads]
    connection.execute(_FREE, {"threads": keys, "this_worker": worker})
    return [None] * len(keys)


def renew_turns(
    connection: Connection, threads: Collection[Thread], now: datetime, *, worker: str
) -> set[Thread]:
    """Keep these threads for another CLAIM_LEASE; returns those that are still this worker's."""
    these = {"threads": [thread.key for thread in threads], "this_worker": worker}
    connection.execute(_RENEW, {**these, "renewed_us": microseconds(now + CLAIM_LEASE)})
    ours = set(connection.execute(_OURS, these).scalars())
    return {thread for thread in threads if thread.key in ours}


def of_ours(connection: Connection, keys: Collection[str], *, worker: str) -> set[str]:
    """The threads among these whose turn this worker has.

    They are locked: until the transaction ends, no other worker gets them.
    """
    found = connection.execute(_OURS_NOW, {"threads": sorted(keys), "this_worker": worker})
    return set(found.scalars())


def forget(connection: Connection, thread: Thread) -> int:
    """Delete the thread's turn, whichever worker has it; return how many rows."""
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def prune(connection: Connection, *, before: datetime) -> None:
    """Delete workers that were last heard of, and turns that expired, before then."""
    for delete_older in _PRUNE:
        connection.execute(delete_older, {"before_us": microseconds(before)})
