"""The sessions in SQL: each function is an operation for the writer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Integer, and_, bindparam, case, delete, func, not_, or_, select, update
from sqlalchemy.engine import Connection

from ...core.events import Thread
from ...core.notices import Addressed
from ...core.sessions.session import Session, State
from ..claims.by_page import pages_of
from ..claims.claims import is_over, lease_at
from ..database.hot import as_json, execute
from ..database.schema import (
    all_microseconds,
    has_ended,
    inbox,
    insert_new,
    is_held,
    is_open,
    is_outgoing,
    is_waiting,
    lines,
    microseconds,
    outgoing,
    sessions,
)
from ..protocol import CLAIM_LEASE, LONGEST_STEP
from .notices import tell

_LATEST = 2**63 - 1  # microseconds: later than any session ends

SESSION: msgspec.json.Decoder[Session] = msgspec.json.Decoder(Session)

# SQLAlchemy 2.0 drops the row count of an INSERT otherwise.
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
# What indexes go by and most new versions leave as it is: SQLite would write each anew.
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
# Locked in one order, so that no two workers wait for each other in a circle. In one step of the
# network's, and yet two statements: the second one sees what the first has waited for.
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
_OPEN_OF_THREADS = select(sessions.c.thread, sessions.c.data).where(
    sessions.c.thread.in_(bindparam("threads", expanding=True)), is_open
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
_WAITING_EVENT = select(inbox.c.position).where(inbox.c.thread == sessions.c.thread, is_waiting)
# Whoever has the first of a thread's events has the thread, though more may wait than it holds.
_EVENTS_WAIT_ELSEWHERE = and_(
    _WAITING_EVENT.exists(),
    not_(_WAITING_EVENT.where(inbox.c.claimed_by == bindparam("worker")).exists()),
)
_IS_DUE = sessions.c.wake_at_us <= bindparam("now_us")
_PAGES = pages_of(sessions, sessions.c.wake_at_us.is_not(None))
_DUE_PAGES = select(_PAGES.c.page).where(
    _PAGES.c.page.is_not(None),
    select(sessions.c.id).where(sessions.c.page == _PAGES.c.page, _IS_DUE).exists(),
)
_DUE = (
    select(sessions.c.wake_at_us, sessions.c.id, sessions.c.data)
    .where(
        sessions.c.page == bindparam("this_page"),
        _IS_DUE,
        func.coalesce(sessions.c.claimed_until_us, 0) <= bindparam("lapsed_us"),
        not_(_EVENTS_WAIT_ELSEWHERE),
    )
    .order_by(sessions.c.wake_at_us)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(sessions)
    .where(sessions.c.id.in_(bindparam("ids", expanding=True)))
    .values(claimed_until_us=bindparam("until_us"), wake_at_us=bindparam("until_us"))
)
_VOID = (
    update(sessions)
    .where(sessions.c.claimed_until_us > 0)
    .values(claimed_until_us=None, wake_at_us=sessions.c.due_at_us)
)
_GRIP = (
    update(sessions)
    .where(
        sessions.c.id == bindparam("this_id"),
        sessions.c.version == bindparam("this_version"),
        or_(
            sessions.c.claimed_until_us.is_(None),
            is_over(sessions.c.claimed_until_us),
            sessions.c.claimed_until_us == bindparam("ours_us"),
        ),
    )
    .values(
        version=bindparam("version"),
        data=bindparam("data"),
        claimed_until_us=bindparam("until_us"),
        wake_at_us=case(
            (sessions.c.due_at_us > bindparam("until_us"), sessions.c.due_at_us),
            (sessions.c.due_at_us.is_not(None), bindparam("until_us")),
        ),
    )
)
_CORRECT = (
    update(sessions)
    .where(
        sessions.c.state.in_([State.OPENING.value, State.ENDING.value]),
        sessions.c.wake_at_us > bindparam("latest_us"),
    )
    .values(claimed_until_us=None, wake_at_us=bindparam("now_us"))
)
_RELEASE = (
    update(sessions)
    .where(
        sessions.c.id == bindparam("this_session"),
        sessions.c.claimed_until_us == bindparam("claimed_us"),
    )
    .values(claimed_until_us=None, wake_at_us=sessions.c.due_at_us)
)
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
    """False if the thread has an open session.

    Where an agent is to talk, what is held for the user is not said any more; nor, where one talks
    already, is what waits to be sent.
    """
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
    """Save the sessions of many calls; False where the version before is not the stored one."""
    firsts: dict[str, tuple[Session, datetime | None, Sequence[Addressed]]] = {}
    for each in asked:  # of several versions of a session one in each step
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
    found = {
        thread: SESSION.decode(data)
        for thread, data in connection.execute(_OPEN_OF_THREADS, {"threads": keys})
    }
    return [found.get(key) for key in keys]


def recent(connection: Connection, thread: Thread, *, limit: int) -> list[Session]:
    """Those of the thread that were opened last."""
    found = connection.execute(_RECENT, {"this_thread": thread.key, "limit": limit})
    return [SESSION.decode(data) for (data,) in found]


def open_ones(connection: Connection, *, limit: int) -> list[Session]:
    """The oldest first."""
    return [SESSION.decode(data) for (data,) in connection.execute(_OPEN, {"limit": limit})]


def count_open(connection: Connection) -> int:
    return int(connection.execute(_COUNT_OPEN).scalar_one())


def claim_due(
    connection: Connection,
    now: datetime,
    *,
    limit: int,
    worker: str,
    without_pages: Collection[str] = (),
    allowance: timedelta = timedelta(),
) -> list[Session]:
    """The one that has been due for the longest time first.

    One that a worker has claimed counts as its own for the allowance longer.
    """
    asked = {
        **all_microseconds(now_us=now, lapsed_us=now - allowance),
        "limit": limit,
        "worker": worker,
    }
    found: list[Any] = []
    for page in connection.execute(_DUE_PAGES, asked).scalars().all():
        if page not in without_pages:
            found += connection.execute(_DUE, {**asked, "this_page": page}).all()
    due = sorted(found)[:limit]
    until_us = microseconds(now + CLAIM_LEASE)
    if due:
        connection.execute(_CLAIM, {"ids": [id_ for _, id_, _ in due], "until_us": until_us})
    return [SESSION.decode(data) for _, _, data in due]


def void_claims(connection: Connection) -> None:
    """Let every session be claimed as soon as it is due."""
    connection.execute(_VOID)


def correct_dates(connection: Connection, now: datetime) -> None:
    """Make due what is opening or ending, and would not be looked at for longer than any step."""
    latest_us = microseconds(now + LONGEST_STEP)
    connection.execute(_CORRECT, {"latest_us": latest_us, "now_us": microseconds(now)})


def grip(
    connection: Connection,
    session: Session,
    now: datetime,
    *,
    begun: Session,
    ours: datetime | None,
) -> bool:
    """Claim this version of a session, unless another worker has, and store it as `begun`.

    `ours` is this worker's claim.
    """
    asked = {
        "this_id": session.id,
        "this_version": session.version,
        "version": begun.version,
        "data": _data(begun),
        **all_microseconds(ours_us=ours, until_us=now + CLAIM_LEASE),
        **lease_at(now),
    }
    return bool(connection.execute(_GRIP, asked).rowcount == 1)


def release(connection: Connection, claims: Mapping[str, datetime]) -> None:
    """Let these sessions be claimed as soon as they are due, except those with a later claim.

    `claims` says until when; one that is over may have been followed by another worker's.
    """
    rows = [
        {"this_session": session_id, "claimed_us": microseconds(until)}
        for session_id, until in sorted(claims.items())
    ]
    if rows:
        connection.execute(_RELEASE, rows)


def ended_ones(
    connection: Connection, *, since: datetime, before: Sequence[Session], limit: int
) -> list[Session]:
    """Those that ended last first; `before` has the one before which to go on, if there is one."""
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
    """Delete up to this many sessions that ended before then, with all that was said; return how
    many.
    """
    parameters = {"before_us": microseconds(before), "limit": limit}
    ids = connection.execute(_ENDED_BEFORE, parameters).scalars().all()
    if ids:
        connection.execute(_DELETE_LINES, {"ids": ids})
        connection.execute(_DELETE, {"ids": ids})
    return len(ids)


def _saved(session: Session, claim_until: datetime | None) -> list[Any]:
    """What a version has in the columns that the next one may change, and its id."""
    wake_at = session.due_at
    if wake_at is not None and claim_until is not None:
        wake_at = max(wake_at, claim_until)
    return [
        session.version,
        _data(session),
        session.state.value,
        microseconds(session.opened_at),
        _microseconds(session.due_at),
        _microseconds(claim_until),
        _microseconds(wake_at),
        _microseconds(session.ended_at),
        _microseconds(session.first_answer_at),
        _microseconds(session.last_operator_at),
        session.plan.name,
        session.owner_app or session.target_app_id,
        session.id,
    ]


def _microseconds(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)


def _data(session: Session) -> str:
    return msgspec.json.encode(session).decode()
