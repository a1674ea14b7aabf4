"""The sessions in SQL: each function is an operation for the writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Integer, bindparam, delete, func, or_, select, update
from sqlalchemy.engine import Connection

from ...core.events import Thread
from ...core.notices import Addressed
from ...core.sessions.session import Session, State
from ..database.hot import as_json, execute
from ..database.schema import (
    all_microseconds,
    has_ended,
    insert_new,
    is_held,
    is_open,
    is_outgoing,
    lines,
    microseconds,
    outgoing,
    sessions,
)
from .notices import tell

_LATEST = 2**63 - 1  # microseconds: later than any session ends

SESSION: msgspec.json.Decoder[Session] = msgspec.json.Decoder(Session)

# Otherwise SQLAlchemy 2.0 drops the row count of an INSERT.
_ADD = insert_new(sessions).execution_options(preserve_rowcount=True)
_DROP = (
    update(outgoing)
    .where(outgoing.c.thread == bindparam("this_thread"))
    .values(state="dropped", handled_at_us=bindparam("now_us"))
)
_DROPS = {
    State.OPENING: _DROP.where(is_held),
    State.ACTIVE: _DROP.where(or_(is_held, is_outgoing)),
}
# Columns that have indexes and that most new versions don't change: SQLite would rewrite them all.
_SELDOM_CHANGED = (
    "state",
    "opened_at_us",
    "due_at_us",
    "claimed_until_us",
    "wake_at_us",
    "ended_at_us",
    "first_answer_at_us",
    "operator_at_us",
    "plan",
    "app",
)
_STORED = f"SELECT id, version, {', '.join(_SELDOM_CHANGED)} FROM handover_sessions WHERE id IN ?"  # noqa: S608
_SAVE_SMALL = "UPDATE handover_sessions SET version = ?, data = ? WHERE id = ?"
_SAVE_WHOLE = (
    "UPDATE handover_sessions SET version = ?, data = ?, "  # noqa: S608
    f"{' = ?, '.join(_SELDOM_CHANGED)} = ? WHERE id = ?"
)
_SAVED = ("version", "data", *_SELDOM_CHANGED, "id")
# Locked in a fixed order, so that no two workers wait for each other in a circle. One trip over
# the network, but two statements: the second one sees what the first has waited for.
_SAVE_ON_POSTGRESQL = f"""
    SELECT FROM handover_sessions WHERE id IN ? ORDER BY id FOR UPDATE;
    UPDATE handover_sessions AS stored
    SET {", ".join(f"{name} = new.{name}" for name in _SAVED[:-1])}
    FROM json_to_recordset(?)
    AS new ({", ".join(f"{name} {sessions.c[name].type}" for name in _SAVED)})
    WHERE stored.id = new.id AND stored.version = new.version - 1
    RETURNING stored.id
"""  # noqa: S608
_ONE = select(sessions.c.data).where(sessions.c.id == bindparam("this_id"))
_OPEN_OF_THREADS = (
    "SELECT thread, data FROM handover_sessions "  # noqa: S608
    f"WHERE thread IN ? AND state != '{State.ENDED.value}'"
)
_RECENT = (
    select(sessions.c.data)
    .where(sessions.c.thread == bindparam("this_thread"))
    .order_by(sessions.c.opened_at_us.desc(), sessions.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_OPEN = (
    select(sessions.c.data)
    .where(is_open)
    .order_by(sessions.c.opened_at_us, sessions.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_COUNT_OPEN = select(func.count()).select_from(sessions).where(is_open)
_FORGET = delete(sessions).where(sessions.c.thread == bindparam("this_thread"), has_ended)
_ENDED_SINCE = (
    select(sessions.c.data)
    .where(
        has_ended,
        sessions.c.ended_at_us >= bindparam("since_us"),
        sessions.c.ended_at_us <= bindparam("before_us"),
        or_(
            sessions.c.ended_at_us < bindparam("before_us"),
            sessions.c.id < bindparam("before_id"),
        ),
    )
    .order_by(sessions.c.ended_at_us.desc(), sessions.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
_LAST_ENDED = (
    select(sessions.c.data)
    .where(sessions.c.thread == bindparam("this_thread"), has_ended)
    .order_by(sessions.c.ended_at_us.desc(), sessions.c.id.desc())
    .limit(1)
)
_ENDED_BEFORE = (
    select(sessions.c.id)
    .where(has_ended, sessions.c.ended_at_us < bindparam("before_us"))
    .limit(bindparam("limit", type_=Integer))
)
_DELETE = delete(sessions).where(sessions.c.id.in_(bindparam("ids", expanding=True)))
_DELETE_LINES = delete(lines).where(lines.c.session_id.in_(bindparam("ids", expanding=True)))


def add(
    connection: Connection,
    session: Session,
    claim_until: datetime | None,
    told: Sequence[Addressed] = (),
) -> bool:
    """Store a new session; False if the thread has an open one. See `Store.add_session`."""
    row = row_of(session, claim_until)
    is_added = bool(connection.execute(_ADD, row).rowcount == 1)
    drop = _DROPS.get(session.state) if is_added else None
    if drop is not None:
        connection.execute(drop, {"this_thread": row["thread"], "now_us": row["opened_at_us"]})
    if is_added and told:
        tell(connection, told)
    return is_added


def row_of(session: Session, claim_until: datetime | None) -> dict[str, Any]:
    """All columns of a session that is new."""
    return {
        "thread": session.thread.key,
        "page": session.thread.page,
        **dict(zip(_SAVED, _saved(session, claim_until), strict=True)),
    }


def save(
    connection: Connection,
    asked: Sequence[tuple[Session, datetime | None, Sequence[Addressed]]],
) -> list[bool]:
    """Save the sessions of many calls; False if the version before is not the stored one."""
    firsts: dict[str, tuple[Session, datetime | None, Sequence[Addressed]]] = {}
    for each in asked:  # if there are several versions of a session, one in each step
        firsts.setdefault(each[0].id, each)
    rest = [each for each in asked if firsts[each[0].id] is not each]
    rows = {id_: _saved(session, claim) for id_, (session, claim, _) in firsts.items()}
    is_on_postgresql = connection.dialect.name == "postgresql"
    saved = (_save_on_postgresql if is_on_postgresql else _save_on_sqlite)(connection, rows)
    told = [one for id_ in firsts if id_ in saved for one in firsts[id_][2]]
    if told:
        tell(connection, told)
    of_the_rest = iter(save(connection, rest) if rest else ())
    return [
        each[0].id in saved if firsts[each[0].id] is each else next(of_the_rest) for each in asked
    ]


def _save_on_postgresql(connection: Connection, rows: Mapping[str, list[Any]]) -> set[str]:
    given = as_json(_SAVED, rows.values())
    return set(execute(connection, _SAVE_ON_POSTGRESQL, tuple(rows), given).scalars())


def _save_on_sqlite(connection: Connection, rows: Mapping[str, list[Any]]) -> set[str]:
    saved, small, whole = set(), [], []
    for id_, version, *others in execute(connection, _STORED, tuple(rows)).all():
        row = rows[id_]
        if row[0] != version + 1:
            continue
        saved.add(id_)
        if row[2:-1] == others:
            small.append((row[0], row[1], id_))
        else:
            whole.append(tuple(row))
    for statement, some in ((_SAVE_SMALL, small), (_SAVE_WHOLE, whole)):
        if some:
            connection.exec_driver_sql(statement, some)
    return saved


def follow(
    connection: Connection,
    ended: Session,
    following: Session,
    claim_until: datetime | None,
    told: Sequence[Addressed] = (),
) -> bool:
    """Save a session's last version and add the next one; False if nothing was stored."""
    [is_saved] = save(connection, [(ended, None, told)])
    return is_saved and add(connection, following, claim_until)


def by_id(connection: Connection, session_id: str) -> Session | None:
    data = connection.execute(_ONE, {"this_id": session_id}).scalar()
    return None if data is None else SESSION.decode(data)


def open_of_threads(connection: Connection, threads: Sequence[Thread]) -> list[Session | None]:
    """Look up the open sessions of many calls at once."""
    keys = [thread.key for thread in threads]
    rows = execute(connection, _OPEN_OF_THREADS, tuple(keys))
    found = {thread: SESSION.decode(data) for thread, data in rows}
    return [found.get(key) for key in keys]


def recent(connection: Connection, thread: Thread, *, limit: int) -> list[Session]:
    """The thread's sessions, the most recently opened first."""
    found = connection.execute(_RECENT, {"this_thread": thread.key, "limit": limit})
    return [SESSION.decode(data) for (data,) in found]


def open_ones(connection: Connection, *, limit: int) -> list[Session]:
    """Open sessions, the oldest first."""
    return [SESSION.decode(data) for (data,) in connection.execute(_OPEN, {"limit": limit})]


def count_open(connection: Connection) -> int:
    return int(connection.execute(_COUNT_OPEN).scalar_one())


def ended_ones(
    connection: Connection, *, since: datetime, before: Sequence[Session], limit: int
) -> list[Session]:
    """Ended sessions, the most recent first; `before` has the one from which to go on, or none."""
    ended_at = before[-1].ended_at if before else None
    asked = {
        "since_us": microseconds(since),
        "before_us": _LATEST if ended_at is None else microseconds(ended_at),
        "before_id": before[-1].id if before else "",
        "limit": limit,
    }
    return [SESSION.decode(data) for (data,) in connection.execute(_ENDED_SINCE, asked)]


def last_ended(connection: Connection, thread: Thread) -> Session | None:
    data = connection.execute(_LAST_ENDED, {"this_thread": thread.key}).scalar()
    return None if data is None else SESSION.decode(data)


def forget(connection: Connection, thread: Thread) -> int:
    """Delete every session of the thread that has ended; return how many."""
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def prune(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` sessions that ended before then, with their lines; return how many."""
    parameters = {"before_us": microseconds(before), "limit": limit}
    ids = connection.execute(_ENDED_BEFORE, parameters).scalars().all()
    if ids:
        connection.execute(_DELETE_LINES, {"ids": ids})
        connection.execute(_DELETE, {"ids": ids})
    return len(ids)


def _saved(session: Session, claim_until: datetime | None) -> list[Any]:
    """A version's values for the columns that the next one may change, and its id."""
    wake_at = session.due_at
    if wake_at is not None and claim_until is not None:
        wake_at = max(wake_at, claim_until)
    dates = all_microseconds(
        opened_at_us=session.opened_at,
        due_at_us=session.due_at,
        claimed_until_us=claim_until,
        wake_at_us=wake_at,
        ended_at_us=session.ended_at,
        first_answer_at_us=session.answered_at,
        operator_at_us=session.last_operator_at,
    )
    return [
        session.version,
        data_of(session),
        session.state.value,
        *dates.values(),
        session.plan.name,
        session.owner_app or session.target_app_id,
        session.id,
    ]


def data_of(session: Session) -> str:
    """The session in the form in which it is stored."""
    return msgspec.json.encode(session).decode()
