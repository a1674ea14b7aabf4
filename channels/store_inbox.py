"""The inbox in SQL: each function is an operation for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Integer, bindparam, case, delete, func, not_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from .events import Event, Thread
from .store import (
    CLAIM_LEASE,
    DEAD_AFTER_FAILURES,
    RECENT_EVENTS,
    InboxEntry,
    user_at,
    user_text,
)
from .store_schema import (
    CLAIM_LOCK,
    DEAD,
    DONE,
    WAITING,
    earlier,
    earlier_is_waiting,
    inbox,
    is_waiting,
    microseconds,
)

_POSITIONS_AT_ONCE = 500  # SQLite takes 999 parameters a statement, before its release 3.32
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)

_RECORD = {
    "sqlite": sqlite.insert(inbox).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(inbox).on_conflict_do_nothing(),
}
_LAST_POSITION = select(func.max(inbox.c.position))
_RECORDED = select(inbox.c.key, inbox.c.position).where(
    inbox.c.position > bindparam("last"), inbox.c.claimed_by == bindparam("worker")
)
# Two that claim side by side, each blind to what the other takes, could each get a part of
# one thread. So one claims at a time, and whoever comes second leaves it for its next turn.
_MAY_CLAIM = select(func.pg_try_advisory_xact_lock(CLAIM_LOCK))
_BEHIND_ANOTHER_WORKER = (
    select(earlier.c.position)
    .where(
        earlier.c.thread == inbox.c.thread,
        earlier.c.position < inbox.c.position,
        earlier_is_waiting,
        earlier.c.claimed_until_us > bindparam("now_us"),
        earlier.c.claimed_by != bindparam("worker"),
    )
    .exists()
)
_CLAIMABLE = (
    select(inbox.c.position, inbox.c.event, inbox.c.failures)
    .where(
        is_waiting,
        inbox.c.claimed_until_us <= bindparam("now_us"),
        not_(_BEHIND_ANOTHER_WORKER),
    )
    .order_by(inbox.c.position + 0)  # a sort: in the key's order, SQLite would read every row
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)
_among_these = inbox.c.position.in_(bindparam("positions", expanding=True))
_CLAIM = (
    update(inbox)
    .where(_among_these)
    .values(claimed_by=bindparam("worker"), claimed_until_us=bindparam("until_us"))
)
_RENEW = (
    update(inbox)
    .where(_among_these, is_waiting, inbox.c.claimed_by == bindparam("worker"))
    .values(claimed_until_us=bindparam("until_us"))
)
_VOID = update(inbox).where(is_waiting, inbox.c.claimed_until_us > 0).values(claimed_until_us=0)
_DONE = (
    update(inbox)
    .where(_among_these, is_waiting)
    .values(state=DONE, handled_at_us=bindparam("now_us"))
)
_is_last_failure = inbox.c.failures + 1 >= DEAD_AFTER_FAILURES
_FAILED = (
    update(inbox)
    .where(inbox.c.position == bindparam("this_position"), is_waiting)
    .values(
        failures=inbox.c.failures + 1,
        state=case((_is_last_failure, DEAD), else_=WAITING),
        handled_at_us=case((_is_last_failure, bindparam("now_us"))),
    )
)
_STATE = select(inbox.c.state).where(inbox.c.position == bindparam("this_position"))
_RECENT = (
    select(inbox.c.event)
    .where(inbox.c.thread == bindparam("thread"))
    .order_by(inbox.c.position.desc())
    .limit(bindparam("limit", type_=Integer))
)
_USER_TEXTS = _RECENT.where(inbox.c.has_user_text)
_PRUNE = delete(inbox).where(
    inbox.c.position.in_(
        select(inbox.c.position)
        .where(inbox.c.state == bindparam("state"), inbox.c.handled_at_us < bindparam("before_us"))
        .limit(bindparam("limit", type_=Integer))
    )
)


def record(
    connection: Connection, asked: Sequence[tuple[Sequence[Event], datetime]], *, worker: str
) -> list[list[InboxEntry]]:
    """Insert the events of many calls at once; each call gets the entries that are new."""
    last = connection.execute(_LAST_POSITION).scalar() or 0
    rows = [_row(event, now, worker) for events, now in asked for event in events]
    connection.execute(_RECORD[connection.dialect.name], rows)
    # What this worker has beyond `last` is what it has just inserted: nobody else inserts in
    # its name. (SQLite learned RETURNING only with its release 3.35.)
    recorded = connection.execute(_RECORDED, {"last": last, "worker": worker})
    positions: dict[str, int] = dict(recorded.all())
    return [
        [
            InboxEntry(position=positions.pop(event.key), event=event)
            for event in events
            if event.key in positions
        ]
        for events, _ in asked
    ]


def claim(connection: Connection, now: datetime, *, limit: int, worker: str) -> list[InboxEntry]:
    """Take over the oldest entries whose claim has expired, whoever had it."""
    if connection.dialect.name == "postgresql" and not connection.execute(_MAY_CLAIM).scalar():
        return []
    claimable = connection.execute(
        _CLAIMABLE, {"now_us": microseconds(now), "worker": worker, "limit": limit}
    )
    entries = [
        InboxEntry(position=position, event=_EVENT.decode(event), failures=failures)
        for position, event, failures in claimable
    ]
    positions = [entry.position for entry in entries]
    _in_parts(connection, _CLAIM, positions, worker=worker, until_us=_lease_end(now))
    return entries


def renew(connection: Connection, positions: Sequence[int], now: datetime, *, worker: str) -> None:
    """Prolong the claims on these entries, save those that another worker has taken over."""
    _in_parts(connection, _RENEW, positions, worker=worker, until_us=_lease_end(now))


def void_claims(connection: Connection) -> None:
    """Let every waiting entry be claimed at once."""
    connection.execute(_VOID)


def done(connection: Connection, handled: Sequence[tuple[int, datetime]]) -> list[None]:
    """Set the entries of many calls to done."""
    positions = [position for position, _ in handled]
    latest = max(now for _, now in handled)
    _in_parts(connection, _DONE, positions, now_us=microseconds(latest))
    return [None] * len(handled)


def failed(connection: Connection, position: int, now: datetime) -> bool:
    """Count a failure of a waiting entry; True if the entry is dead by now."""
    this = {"this_position": position}
    connection.execute(_FAILED, {**this, "now_us": microseconds(now)})
    return bool(connection.execute(_STATE, this).scalar() == DEAD)


def last_user_texts(connection: Connection, thread: Thread, *, limit: int) -> list[str]:
    """The oldest first."""
    latest_first = connection.execute(_USER_TEXTS, {"thread": thread.key, "limit": limit})
    texts = [user_text(_EVENT.decode(event)) for (event,) in latest_first]
    return [text for text in reversed(texts) if text is not None]


def last_user_at(connection: Connection, thread: Thread) -> datetime | None:
    recent = connection.execute(_RECENT, {"thread": thread.key, "limit": RECENT_EVENTS})
    return user_at(_EVENT.decode(event) for (event,) in recent)


def prune(connection: Connection, *, state: str, before: datetime, limit: int) -> int:
    """Delete so many entries that have been in this state since before then; return how many."""
    parameters = {"state": state, "before_us": microseconds(before), "limit": limit}
    return int(connection.execute(_PRUNE, parameters).rowcount)


def _row(event: Event, now: datetime, worker: str) -> dict[str, Any]:
    return {
        "key": event.key,
        "thread": event.thread.key,
        "event": msgspec.json.encode(event).decode(),
        "has_user_text": user_text(event) is not None,
        "recorded_at_us": microseconds(now),
        "claimed_by": worker,
        "claimed_until_us": _lease_end(now),
    }


def _lease_end(now: datetime) -> int:
    return microseconds(now + CLAIM_LEASE)


def _in_parts(
    connection: Connection, statement: Any, positions: Sequence[int], **parameters: object
) -> None:
    for start in range(0, len(positions), _POSITIONS_AT_ONCE):
        part = positions[start : start + _POSITIONS_AT_ONCE]
        connection.execute(statement, {**parameters, "positions": part})
