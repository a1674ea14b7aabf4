"""Which worker sends which messages, in SQL: operations for the writer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, not_, or_, select, update
from sqlalchemy.engine import Connection

from ...core.events import Thread
from ...core.records.kept import Lookup
from ...core.records.outgoing import OutgoingEntry
from ...core.sessions.session import Session, State, last_ended
from ..claims.by_page import pages_of
from ..claims.claims import (
    GIVEN_BACK,
    MAY_CLAIM,
    NOBODY,
    NOT_LOST,
    WAIT_FOR_CLAIMS,
    behind,
    do_in_parts,
    found_in_parts,
    free_pages,
    is_over,
    lease_at,
    not_held,
)
from ..database.hot import execute
from ..database.schema import (
    HELD,
    UNCLAIMED,
    WAITING,
    earlier_is_outgoing,
    earlier_outgoing,
    inbox,
    is_held,
    is_outgoing,
    is_outgoing_free,
    is_waiting,
    lease_end,
    microseconds,
    outgoing,
    sessions,
)
from ..sessions.sessions import SESSION
from .rows import IS_OURS, IS_THREAD_S, OUTGOING, STILL_OURS, among_these

_BEHIND_ANOTHER_WORKER = behind(
    outgoing,
    earlier_outgoing,
    earlier_is_outgoing,
    not_(is_over(earlier_outgoing.c.claimed_until_us)),
)
# A turn that a crash has cut short is taken again; only then is it known which of these are sent.
_TURN_IS_TAKEN_AGAIN = or_(
    select(inbox.c.position).where(inbox.c.key == outgoing.c.event_key, is_waiting).exists(),
    select(sessions.c.id)
    .where(sessions.c.id == outgoing.c.session_id, sessions.c.state == State.ENDING.value)
    .exists(),
)
_ENTRY = (
    outgoing.c.position,
    outgoing.c.data,
    outgoing.c.claimed_by,
    outgoing.c.attempts,
)
_CLAIMABLE = (
    select(*_ENTRY)
    .where(
        is_outgoing,
        not_(_BEHIND_ANOTHER_WORKER),
        not_(_TURN_IS_TAKEN_AGAIN),
    )
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True, of=outgoing)
)
# As in the inbox: few have an expired claim, and those that nobody has are read in order.
_EXPIRED = _CLAIMABLE.where(
    outgoing.c.claimed_until_us > UNCLAIMED, is_over(outgoing.c.claimed_until_us)
).order_by(outgoing.c.position + 0)
_FREE = _CLAIMABLE.where(is_outgoing_free, outgoing.c.page == bindparam("this_page")).order_by(
    outgoing.c.position
)
_PAGES = pages_of(outgoing, is_outgoing_free)
_FREE_PAGES = select(_PAGES.c.page).where(_PAGES.c.page.is_not(None))
_LOOK_UP = (
    "SELECT thread, data FROM handover_sessions "  # noqa: S608
    f"WHERE thread IN ? AND (state != '{State.ENDED.value}' OR ended_at_us >= ?) "
    "UNION ALL SELECT thread, NULL FROM handover_outgoing "
    f"WHERE thread IN ? AND state = '{HELD}'"
)
_HELD_OF_THREAD = select(*_ENTRY).where(IS_THREAD_S, is_held).order_by(outgoing.c.position)
_CLAIM = (
    update(outgoing)
    .where(among_these)
    .values(state=WAITING, claimed_by=bindparam("worker"), claimed_until_us=bindparam("until_us"))
)
_OUR_POSITIONS = select(outgoing.c.position).where(among_these, STILL_OURS)
_RENEW = update(outgoing).where(among_these, IS_OURS).values(claimed_until_us=bindparam("until_us"))
_RELEASE = (
    update(outgoing)
    .where(among_these, IS_OURS)
    .values(claimed_by=GIVEN_BACK, claimed_until_us=0, attempts=0)
)
_VOID = (
    update(outgoing)
    .where(is_outgoing, outgoing.c.claimed_until_us > UNCLAIMED)
    .values(claimed_until_us=0)
)


def claim(
    connection: Connection,
    now: datetime,
    *,
    limit: int,
    worker: str,
    held: Collection[int] = (),
    without_threads: Collection[Thread] = (),
    without_pages: Collection[str] = (),
    allowance: timedelta = timedelta(),
) -> list[OutgoingEntry]:
    """Take the oldest messages that nobody has, or whose claim expired at least `allowance` ago.

    As with events, those that this worker has `held` all along are left out.
    """
    if connection.dialect.name == "postgresql" and not connection.execute(MAY_CLAIM).scalar():
        return []
    found: list[Any] = []
    these = {**lease_at(now, allowance), "worker": worker}
    for wanted, asked in (
        (_EXPIRED.where(outgoing.c.page.not_in(list(without_pages))), these),
        *(
            (_FREE, {**these, "this_page": page})
            for page in free_pages(connection, _FREE_PAGES, without_pages)
        ),
    ):
        if without_threads:
            wanted = wanted.where(outgoing.c.thread.not_in([each.key for each in without_threads]))
        found += not_held(connection, wanted, asked, held, limit=limit)
    return _claimed(connection, sorted(found)[:limit], now, worker)


def look_up(connection: Connection, asked: Sequence[tuple[Thread, datetime]]) -> list[Lookup]:
    """See `Store.look_up`."""
    keys = tuple([thread.key for thread, _ in asked])
    since_us = microseconds(min(since for _, since in asked))
    found: dict[str, list[Session]] = {}
    with_held: set[str] = set()
    for thread, data in execute(connection, _LOOK_UP, keys, since_us, keys).all():
        if data is None:
            with_held.add(thread)
        else:
            found.setdefault(thread, []).append(SESSION.decode(data))
    return [
        Lookup(
            session=next((one for one in found.get(key, ()) if one.is_open), None),
            ended=last_ended(found.get(key, ()), since=since),
            is_held=key in with_held,
        )
        for key, (_, since) in zip(keys, asked, strict=True)
    ]


def free_held(
    connection: Connection, thread: Thread, now: datetime, *, worker: str
) -> list[OutgoingEntry]:
    """Take what is held for the thread's user, who has written."""
    held = connection.execute(_HELD_OF_THREAD, {"this_thread": thread.key}).all()
    return _claimed(connection, held, now, worker) if held else []


def renew(
    connection: Connection,
    positions: Sequence[int],
    now: datetime,
    *,
    worker: str,
    may_be_lost: bool,
) -> set[int]:
    """Prolong the claims on these messages; returns those that are still this worker's.

    `may_be_lost` is as for events. One that waits behind a message that another worker has taken
    over is given back.
    """
    if may_be_lost and connection.dialect.name == "postgresql":
        connection.execute(WAIT_FOR_CLAIMS)
    do_in_parts(connection, _RENEW, positions, worker=worker, until_us=lease_end(now))
    ours = found_in_parts(connection, _OUR_POSITIONS, positions, worker=worker)
    release(connection, [each for each in positions if each not in ours], worker=worker)
    return ours


def release(connection: Connection, positions: Sequence[int], *, worker: str) -> None:
    """Let these be claimed at once, except those that are no longer this worker's."""
    do_in_parts(connection, _RELEASE, positions, worker=worker)


def void_claims(connection: Connection) -> None:
    connection.execute(_VOID)


def _claimed(
    connection: Connection, found: Sequence[Any], now: datetime, worker: str
) -> list[OutgoingEntry]:
    positions = [row.position for row in found]
    do_in_parts(connection, _CLAIM, positions, worker=worker, until_us=lease_end(now))
    return [
        OutgoingEntry(
            position=position,
            outgoing=OUTGOING.decode(data),
            is_doubtful=claimed_by != NOBODY,
            was_lost=claimed_by not in NOT_LOST,
            attempts=attempts,
        )
        for position, data, claimed_by, attempts in found
    ]
