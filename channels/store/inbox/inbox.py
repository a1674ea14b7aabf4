"""The inbox in SQL: each function is an operation for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import Integer, bindparam, delete, func, not_, select
from sqlalchemy.engine import Connection

from ...core.events import Edited, Event, TakenBack, Thread
from ...core.records.amendments import as_kept
from ...core.records.inbox import InboxEntry, user_at, user_text
from ...core.records.kept import Backlog
from ..claims.claims import NOBODY
from ..database.hot import as_json, execute, insert
from ..database.schema import (
    AT_ONCE,
    DEAD,
    UNCLAIMED,
    WAITING,
    inbox,
    is_waiting,
    lease_end,
    microseconds,
    moment,
)
from ..protocol import RECENT_EVENTS
from . import amendments

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)

_RECORDED = (
    "key",
    "thread",
    "page",
    "event",
    "has_user_text",
    "recorded_at_us",
    "claimed_by",
    "claimed_until_us",
)
_Row = tuple[str, str, str, str, bool, int, str, int]
_ROWS_AT_ONCE = AT_ONCE // len(_RECORDED)
# If two workers recorded for one thread at once, neither seeing what the other adds, both could
# claim new events of the thread. The fixed order keeps them from waiting for each other in a
# circle.
_LOCK_THREADS = (
    "SELECT pg_advisory_xact_lock(hash) FROM (SELECT DISTINCT hashtextextended(thread, 0) AS hash "
    "FROM unnest(CAST(? AS text[])) AS thread ORDER BY hash) AS hashes"
)
# One trip over the network, but two statements: the second one sees what was committed while the
# first one waited.
_RECORD_ON_POSTGRESQL = f"""
    {_LOCK_THREADS};
    INSERT INTO handover_inbox ({", ".join(_RECORDED)})
    SELECT
        key, thread, page, event, has_user_text, recorded_at_us,
        CASE WHEN waits_elsewhere THEN '{NOBODY}' ELSE claimed_by END,
        CASE WHEN waits_elsewhere THEN 0 ELSE claimed_until_us END
    FROM (
        SELECT *, EXISTS (
            SELECT FROM handover_inbox AS other
            WHERE other.thread = new.thread AND other.state = '{WAITING}' AND other.claimed_by != ?
        ) AS waits_elsewhere
        FROM json_to_recordset(?) AS new (
            key text, thread text, page text, event text, has_user_text boolean,
            recorded_at_us bigint, claimed_by text, claimed_until_us bigint
        )
    ) AS asked
    ON CONFLICT DO NOTHING RETURNING key, position, claimed_by
"""  # noqa: S608
_LATEST_OF = (
    select(inbox.c.key, inbox.c.position)
    .where(inbox.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(inbox.c.position.desc())
    .limit(bindparam("limit", type_=Integer))
)
_WAITING_ELSEWHERE = (
    "SELECT DISTINCT thread FROM handover_inbox "  # noqa: S608
    f"WHERE thread IN ? AND state = '{WAITING}' AND claimed_by != ?"
)
_AT_POSITIONS = select(inbox.c.position, inbox.c.event).where(
    inbox.c.position.in_(bindparam("positions", expanding=True))
)
_RECENT = (
    select(inbox.c.event)
    .where(inbox.c.thread == bindparam("thread"))
    .order_by(inbox.c.position.desc())
    .limit(bindparam("limit", type_=Integer))
)
_USER_TEXTS = _RECENT.where(inbox.c.has_user_text)
_COUNT_WAITING = select(func.count()).select_from(inbox).where(is_waiting)
_COUNT_DEAD = select(func.count()).where(inbox.c.state == DEAD, inbox.c.handled_at_us.is_not(None))
_OLDEST = (
    select(inbox.c.recorded_at_us)
    .where(is_waiting, inbox.c.claimed_until_us == UNCLAIMED)
    .order_by(inbox.c.position)
    .limit(1)
)
_OLDEST_CLAIMED = select(func.min(inbox.c.recorded_at_us)).where(
    is_waiting, inbox.c.claimed_until_us > UNCLAIMED
)
_WAITS = select(inbox.c.position).where(inbox.c.thread == bindparam("thread"), is_waiting).limit(1)
_FORGET = delete(inbox).where(inbox.c.thread == bindparam("this_thread"))
_IS_SIGN_OF_LIFE = inbox.c.event.like('{"kind":"sign_of_life"%')
_PRUNABLE = (
    select(inbox.c.position)
    .where(inbox.c.state == bindparam("state"), inbox.c.handled_at_us < bindparam("before_us"))
    .limit(bindparam("limit", type_=Integer))
)
_PRUNE = delete(inbox).where(inbox.c.position.in_(_PRUNABLE))
_PRUNE_OTHERS = delete(inbox).where(inbox.c.position.in_(_PRUNABLE.where(not_(_IS_SIGN_OF_LIFE))))


def record(
    connection: Connection, asked: Sequence[tuple[Sequence[Event], datetime, bool]], *, worker: str
) -> list[list[InboxEntry]]:
    """Insert the events of many calls at once; each call gets the entries that were claimed."""
    if any(isinstance(event, (TakenBack, Edited)) for events, _, _ in asked for event in events):
        return _record_amending(connection, asked, worker=worker)
    return _record(connection, asked, worker=worker)


def _record_amending(
    connection: Connection,
    asked: Sequence[tuple[Sequence[Event], datetime, bool]],
    *,
    worker: str,
) -> list[list[InboxEntry]]:
    """Record, and change the messages that were amended at once, before any event is handled."""
    lock_threads(connection, [event.thread.key for events, _, _ in asked for event in events])
    in_place = [
        (amendments.in_their_place(connection, events), now, is_claimed)
        for events, now, is_claimed in asked
    ]
    kept = [
        ([as_kept(event) for event in events], now, is_claimed)
        for events, now, is_claimed in in_place
    ]
    entries = _record(connection, kept, worker=worker)
    for events, now, _ in in_place:
        for event in events:
            if isinstance(event, (TakenBack, Edited)):
                amendments.amend(connection, event, now)
    return [_as_they_are(connection, each) for each in entries]


def _as_they_are(connection: Connection, entries: list[InboxEntry]) -> list[InboxEntry]:
    found = recorded(connection, [entry.position for entry in entries])
    return [
        entry if event is None else replace(entry, event=event)
        for entry, event in zip(entries, found, strict=True)
    ]


def _record(
    connection: Connection,
    asked: Sequence[tuple[Sequence[Event], datetime, bool]],
    *,
    worker: str,
) -> list[list[InboxEntry]]:
    elsewhere = _waiting_elsewhere(connection, asked, worker)
    rows = []
    for events, now, is_claimed in asked:
        for event in events:
            thread = event.thread.key
            if not is_claimed:
                elsewhere.add(thread)
            claimant = NOBODY if thread in elsewhere else worker
            rows.append(_row(event, thread, now, claimant))
    positions = _insert(connection, rows, worker)
    return [
        [
            InboxEntry(position=positions.pop(event.key), event=event)
            for event in events
            if event.key in positions
        ]
        for events, _, _ in asked
    ]


def _insert(connection: Connection, rows: Sequence[_Row], worker: str) -> dict[str, int]:
    """Insert those that are new; returns the positions, by key, of those the worker has claimed."""
    if connection.dialect.name == "postgresql":
        threads, given = [row[1] for row in rows], as_json(_RECORDED, rows)
        inserted = execute(connection, _RECORD_ON_POSTGRESQL, threads, worker, given).all()
        return {key: position for key, position, claimant in inserted if claimant == worker}
    positions: dict[str, int] = {}
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        positions.update(_insert_some(connection, rows[start : start + _ROWS_AT_ONCE]))
    ours = {key for key, *_, claimant, _ in rows if claimant == worker}
    return {key: position for key, position in positions.items() if key in ours}


def _insert_some(connection: Connection, rows: Sequence[_Row]) -> dict[str, int]:
    """Insert those that are new; their positions, by key."""
    keys = [row[0] for row in rows]
    positions = insert(connection, "handover_inbox", _RECORDED, rows)
    if len(positions) == len(rows):
        return dict(zip(keys, positions, strict=True))
    # Some were known; the new ones have the highest positions.
    return dict(connection.execute(_LATEST_OF, {"keys": keys, "limit": len(positions)}).all())


def recorded(connection: Connection, positions: Sequence[int]) -> list[Event | None]:
    """The events at these positions, each of one call, as they are now; None if one is gone."""
    found: dict[int, str] = {}
    for start in range(0, len(positions), AT_ONCE):
        part = {"positions": positions[start : start + AT_ONCE]}
        found.update(connection.execute(_AT_POSITIONS, part).all())
    return [_EVENT.decode(found[each]) if each in found else None for each in positions]


def backlog(connection: Connection) -> Backlog:
    oldest = [connection.execute(each).scalar() for each in (_OLDEST, _OLDEST_CLAIMED)]
    oldest_us = min((each for each in oldest if each is not None), default=None)
    return Backlog(
        waiting=int(connection.execute(_COUNT_WAITING).scalar_one()),
        oldest_at=None if oldest_us is None else moment(oldest_us),
        dead=int(connection.execute(_COUNT_DEAD).scalar_one()),
    )


def waits(connection: Connection, thread: Thread) -> bool:
    """Whether an event of the thread waits, no matter which worker holds it."""
    return connection.execute(_WAITS, {"thread": thread.key}).first() is not None


def lock_threads(connection: Connection, threads: Sequence[str]) -> None:
    """Until the transaction ends, no other worker can record events of these threads."""
    if connection.dialect.name == "postgresql":
        execute(connection, _LOCK_THREADS, list(threads))


def forget(connection: Connection, thread: Thread) -> int:
    """Delete every event of the thread, in any state; return how many."""
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def last_user_texts(connection: Connection, thread: Thread, *, limit: int) -> list[str]:
    """The oldest first."""
    latest_first = connection.execute(_USER_TEXTS, {"thread": thread.key, "limit": limit})
    texts = [user_text(_EVENT.decode(event)) for (event,) in latest_first]
    return [text for text in reversed(texts) if text is not None]


def last_user_at(connection: Connection, thread: Thread) -> datetime | None:
    recent = connection.execute(_RECENT, {"thread": thread.key, "limit": RECENT_EVENTS})
    return user_at(_EVENT.decode(event) for (event,) in recent)


def prune(
    connection: Connection,
    *,
    state: str,
    before: datetime,
    limit: int,
    but_signs_of_life: bool = False,
) -> int:
    """Delete up to `limit` entries that have been in this state since `before`, or longer; return
    how many.

    `but_signs_of_life`: except those, which show what users have taken back.
    """
    parameters = {"state": state, "before_us": microseconds(before), "limit": limit}
    statement = _PRUNE_OTHERS if but_signs_of_life else _PRUNE
    return int(connection.execute(statement, parameters).rowcount)


def _waiting_elsewhere(
    connection: Connection,
    asked: Sequence[tuple[Sequence[Event], datetime, bool]],
    worker: str,
) -> set[str]:
    """The threads that have entries waiting that this worker does not hold.

    On PostgreSQL this is empty: there the INSERT itself looks.
    """
    elsewhere: set[str] = set()
    if connection.dialect.name != "postgresql":
        threads = sorted({event.thread.key for events, _, _ in asked for event in events})
        for start in range(0, len(threads), AT_ONCE):
            part = tuple(threads[start : start + AT_ONCE])
            elsewhere.update(execute(connection, _WAITING_ELSEWHERE, part, worker).scalars())
    return elsewhere


def _row(event: Event, thread: str, now: datetime, claimant: str) -> _Row:
    return (
        event.key,
        thread,
        event.thread.page,
        msgspec.json.encode(event).decode(),
        user_text(event) is not None,
        microseconds(now),
        claimant,
        0 if claimant == NOBODY else lease_end(now),
    )
