"""Which worker does what is due in sessions, in SQL: operations for the writer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, not_, or_, select, update
from sqlalchemy.engine import Connection

from ...core.sessions.session import Session, State
from ..claims.by_page import pages_of
from ..claims.claims import is_over, lease_at
from ..database.schema import all_microseconds, inbox, is_waiting, microseconds, sessions
from ..protocol import CLAIM_LEASE, LONGEST_STEP
from .sessions import SESSION, data_of

_WAITING_EVENT = select(inbox.c.position).where(inbox.c.thread == sessions.c.thread, is_waiting)
# The worker that has the first of a thread's events has the thread, even if it does not hold all.
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


def claim_due(
    connection: Connection,
    now: datetime,
    *,
    limit: int,
    worker: str,
    without_pages: Collection[str] = (),
    allowance: timedelta = timedelta(),
) -> list[Session]:
    """Claim due sessions, those that have been due for the longest time first.

    Another worker's claim counts for `allowance` longer than it says.
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
    """Make due what is opening or ending, and was put off for longer than a LONGEST_STEP."""
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
    """Claim a session and store it as `begun`; False if another worker has it, or another version
    is stored.

    `ours` is when this worker's own claim on it expires, if it has one.
    """
    asked = {
        "this_id": session.id,
        "this_version": session.version,
        "version": begun.version,
        "data": data_of(begun),
        **all_microseconds(ours_us=ours, until_us=now + CLAIM_LEASE),
        **lease_at(now),
    }
    return bool(connection.execute(_GRIP, asked).rowcount == 1)


def release(connection: Connection, claims: Mapping[str, datetime]) -> None:
    """Let these sessions be claimed as soon as they are due, unless their claim is another one.

    `claims` says when each expires: if it has expired, another worker may have claimed the session.
    """
    rows = [
        {"this_session": session_id, "claimed_us": microseconds(until)}
        for session_id, until in sorted(claims.items())
    ]
    if rows:
        connection.execute(_RELEASE, rows)
