"""What operators are told, in SQL: each function is an operation for the writer.

A notice waits until its target accepts it, and is then deleted; or it dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Integer, bindparam, delete, func, not_, or_, select, update
from sqlalchemy.engine import Connection

from ...core.events import Thread
from ...core.notices import Addressed, Notice, NoticeEntry
from ...core.records.kept import Backlog
from ..claims.claims import is_over, lease_at
from ..database.schema import (
    CLAIM_LOCK,
    DEAD,
    earlier_is_untold,
    earlier_notices,
    insert_new,
    is_untold,
    lease_end,
    microseconds,
    moment,
    notices,
)

_NOTICE: msgspec.json.Decoder[Notice] = msgspec.json.Decoder(Notice)

_TELL = insert_new(notices)
_LOCK = select(func.pg_advisory_xact_lock(CLAIM_LOCK + 2))
_IS_IN_HAND = (
    select(notices.c.position)
    .where(
        notices.c.target == bindparam("target"),
        is_untold,
        notices.c.claimed_until_us > bindparam("now_us"),
        not_(is_over(notices.c.claimed_until_us)),
    )
    .limit(1)
)
_AFTER_ANOTHER = (
    select(earlier_notices.c.position)
    .where(
        earlier_notices.c.session_id == notices.c.session_id,
        earlier_notices.c.target == notices.c.target,
        earlier_notices.c.position < notices.c.position,
        earlier_is_untold,
    )
    .exists()
)
_DUE = (
    select(notices.c.position, notices.c.data, notices.c.failures)
    .where(
        notices.c.target == bindparam("target"),
        is_untold,
        notices.c.due_at_us <= bindparam("now_us"),
        not_(_AFTER_ANOTHER),
    )
    .order_by(notices.c.due_at_us, notices.c.position)
    .limit(1)
)
_IS_THIS = notices.c.position == bindparam("this_position")
_CLAIM = update(notices).where(_IS_THIS).values(claimed_until_us=bindparam("until_us"))
_TOLD = delete(notices).where(_IS_THIS, is_untold)
_POSTPONE = (
    update(notices)
    .where(_IS_THIS, is_untold)
    .values(
        failures=notices.c.failures + 1,
        due_at_us=bindparam("again_us"),
        claimed_until_us=0,
    )
)
_GIVE_UP = (
    update(notices)
    .where(_IS_THIS, is_untold)
    .values(failures=notices.c.failures + 1, state=DEAD, handled_at_us=bindparam("now_us"))
)
_VOID = update(notices).where(is_untold, notices.c.claimed_until_us > 0).values(claimed_until_us=0)
_FORGET = delete(notices).where(notices.c.thread == bindparam("this_thread"))
_COUNT = select(func.count(), func.min(notices.c.told_at_us)).where(is_untold)
_COUNT_DEAD = select(func.count()).where(
    notices.c.state == DEAD, notices.c.handled_at_us.is_not(None)
)
_PRUNE = delete(notices).where(
    notices.c.position.in_(
        select(notices.c.position)
        .where(
            or_(
                notices.c.handled_at_us < bindparam("before_us"),
                # that of a target that is no longer in the settings
                is_untold & (notices.c.told_at_us < bindparam("before_us")),
            )
        )
        .limit(bindparam("limit", type_=Integer))
    )
)


def tell(connection: Connection, told: Sequence[Addressed]) -> None:
    """Store notices."""
    connection.execute(_TELL, [_row(one) for one in told])


def claim(connection: Connection, target: str, now: datetime) -> NoticeEntry | None:
    """Take the first due notice for a target, unless a worker has one for it in hand."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    asked = {"target": target, "now_us": microseconds(now)}
    if connection.execute(_IS_IN_HAND, {"target": target, **lease_at(now)}).first() is not None:
        return None
    found = connection.execute(_DUE, asked).first()
    if found is None:
        return None
    position, data, failures = found
    connection.execute(_CLAIM, {"this_position": position, "until_us": lease_end(now)})
    return NoticeEntry(position=position, notice=_NOTICE.decode(data), failures=failures)


def told(connection: Connection, position: int) -> None:
    """The target has accepted the notice."""
    connection.execute(_TOLD, {"this_position": position})


def failed(
    connection: Connection, position: int, now: datetime, *, again_at: datetime | None
) -> None:
    """The target has not accepted the notice: it is due again at `again_at`; if None, dead."""
    if again_at is None:
        connection.execute(_GIVE_UP, {"this_position": position, "now_us": microseconds(now)})
    else:
        again = {"this_position": position, "again_us": microseconds(again_at)}
        connection.execute(_POSTPONE, again)


def backlog(connection: Connection) -> Backlog:
    waiting, oldest_us = connection.execute(_COUNT).one()
    return Backlog(
        waiting=int(waiting),
        oldest_at=None if oldest_us is None else moment(oldest_us),
        dead=int(connection.execute(_COUNT_DEAD).scalar_one()),
    )


def void_claims(connection: Connection) -> None:
    """Let the notices that a dead worker had in hand be taken at once."""
    connection.execute(_VOID)


def forget(connection: Connection, thread: Thread) -> int:
    """Delete the notices about a thread; return how many rows."""
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def prune(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` that died, or were stored and never taken, before then; how many."""
    parameters = {"before_us": microseconds(before), "limit": limit}
    return int(connection.execute(_PRUNE, parameters).rowcount)


def _row(one: Addressed) -> dict[str, Any]:
    at_us = microseconds(one.notice.at)
    return {
        "id": one.notice.id,
        "target": one.target,
        "session_id": one.notice.session_id,
        "thread": one.notice.thread.key,
        "data": msgspec.json.encode(one.notice).decode(),
        "told_at_us": at_us,
        "due_at_us": at_us,
    }
