"""Claims in SQL: which worker holds which inbox entries, and what becomes of those.

Each function is an operation for the writer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import FromClause

from ...core.events import Event, Thread
from ...core.records.inbox import InboxEntry
from ..database.hot import execute
from ..database.schema import (
    AT_ONCE,
    CLAIM_LOCK,
    DEAD,
    DONE,
    UNCLAIMED,
    WAITING,
    all_microseconds,
    earlier,
    earlier_is_waiting,
    inbox,
    is_free,
    is_waiting,
    lease_end,
    microseconds,
)
from ..protocol import CLAIM_LEASE, DEAD_AFTER_FAILURES
from .by_page import pages_of

NOBODY = ""
GIVEN_BACK = "-"  # by a worker that may have begun
REVIVED = "+"  # was dead, and is to be tried again
NOT_LOST = (NOBODY, GIVEN_BACK, REVIVED)
_SLACK = timedelta(seconds=10)  # between the clocks of two workers


class _MostByNow(FunctionElement):  # type: ignore[misc]  # SQLAlchemy 1.4 carries no types
    """The latest end that a claim can have by the worker's clock, `most_us`; or by the database's
    own clock, if that is later, because the worker may have stood still since it looked.
    """

    inherit_cache = True
    type = BigInteger()


@compiles(_MostByNow)  # type: ignore[untyped-decorator]  # as above
def _given(most: _MostByNow, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(most.clauses, **options))


@compiles(_MostByNow, "postgresql")  # type: ignore[untyped-decorator]  # as above
def _given_or_later(most: _MostByNow, compiler: SQLCompiler, **options: Any) -> str:
    now_us = "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS bigint)"
    longest_us = (CLAIM_LEASE + _SLACK) // timedelta(microseconds=1)
    return f"greatest({_given(most, compiler, **options)}, {now_us} + {longest_us})"


def is_over(claimed_until_us: ColumnElement) -> ColumnElement:
    """Whether a claim has expired, or was made by a clock that was ahead, at `lease_at`'s time."""
    now_us, most_us = bindparam("now_us"), _MostByNow(bindparam("most_us", type_=BigInteger))
    return or_(claimed_until_us <= now_us, claimed_until_us > most_us)


def behind(row: FromClause, earlier: FromClause, *such: ColumnElement) -> ColumnElement:
    """Whether an earlier row of the thread meets the conditions `such` and is another worker's."""
    return (
        select(earlier.c.position)
        .where(
            earlier.c.thread == row.c.thread,
            earlier.c.position < row.c.position,
            earlier.c.claimed_by != bindparam("worker"),
            *such,
        )
        .exists()
    )


def was_in_hand(row: FromClause) -> ColumnElement:
    """Whether a worker has claimed the row, perhaps giving it back since.

    A worker that stood still may have lost the first of a thread's rows in this way, but not the
    next one.
    """
    return or_(row.c.claimed_until_us > UNCLAIMED, row.c.claimed_by == GIVEN_BACK)


_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)

# If two workers claimed at once, neither seeing what the other takes, each could get a part of one
# thread. So one claims at a time, and the other tries again at its next turn. Events and messages
# share one lock, so that no two workers wait for each other.
MAY_CLAIM = select(func.pg_try_advisory_xact_lock(CLAIM_LOCK))
_BEHIND_ANOTHER_WORKER = behind(
    inbox, earlier, earlier_is_waiting, not_(is_over(earlier.c.claimed_until_us))
)
_BEHIND_A_LOST_ONE = behind(inbox, earlier, earlier_is_waiting, was_in_hand(earlier))
WAIT_FOR_CLAIMS = select(func.pg_advisory_xact_lock(CLAIM_LOCK))
_CLAIMABLE = (
    select(inbox.c.position, inbox.c.event, inbox.c.failures, inbox.c.claimed_by, inbox.c.attempts)
    .where(is_waiting, not_(_BEHIND_ANOTHER_WORKER))
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)
# Entries whose claim has expired are no more than workers held, so they can be sorted. Those that
# nobody has may be a night's worth, so they are read page by page, in the order of the index.
_EXPIRED = _CLAIMABLE.where(
    inbox.c.claimed_until_us > UNCLAIMED, is_over(inbox.c.claimed_until_us)
).order_by(inbox.c.position + 0)
_FREE = _CLAIMABLE.where(is_free, inbox.c.page == bindparam("this_page")).order_by(inbox.c.position)
_PAGES = pages_of(inbox, is_free)
_FREE_PAGES = select(_PAGES.c.page).where(_PAGES.c.page.is_not(None))
_among_these = inbox.c.position.in_(bindparam("positions", expanding=True))
_CLAIM = (
    update(inbox)
    .where(_among_these)
    .values(claimed_by=bindparam("worker"), claimed_until_us=bindparam("until_us"))
)
_IS_OURS = _among_these & is_waiting & (inbox.c.claimed_by == bindparam("worker"))
_RENEW = update(inbox).where(_IS_OURS).values(claimed_until_us=bindparam("until_us"))
_VOID = (
    update(inbox).where(is_waiting, inbox.c.claimed_until_us > UNCLAIMED).values(claimed_until_us=0)
)
_RELEASE = (
    update(inbox).where(_IS_OURS).values(claimed_by=GIVEN_BACK, claimed_until_us=0, attempts=0)
)
_DONE = (
    f"UPDATE handover_inbox SET state = '{DONE}', handled_at_us = ? "  # noqa: S608
    f"WHERE position IN ? AND state = '{WAITING}'"
)
_is_last_failure = or_(
    inbox.c.failures + 1 >= DEAD_AFTER_FAILURES, bindparam("for_good", type_=Boolean)
)
_FAILED = (
    update(inbox)
    .where(
        inbox.c.position == bindparam("this_position"),
        is_waiting,
        inbox.c.claimed_by == bindparam("worker"),
    )
    .values(
        failures=inbox.c.failures + 1,
        attempts=0,
        error=bindparam("error_class"),
        state=case((_is_last_failure, DEAD), else_=WAITING),
        handled_at_us=case((_is_last_failure, bindparam("now_us"))),
    )
)
_OURS = select(inbox.c.position).where(_IS_OURS, not_(_BEHIND_A_LOST_ONE))
# Locked, so that nobody takes an event over before what its turn says is stored.
_OUR_EVENTS = (
    select(inbox.c.key)
    .where(
        inbox.c.key.in_(bindparam("keys", expanding=True)),
        is_waiting,
        inbox.c.claimed_by == bindparam("worker"),
    )
    .order_by(inbox.c.position)
    .with_for_update(read=True)
)
_STATE = select(inbox.c.state).where(inbox.c.position == bindparam("this_position"))


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
) -> list[InboxEntry]:
    """Take the oldest entries that nobody has, or whose claim expired at least `allowance` ago.

    Those that this worker has `held` are left out, even if its claims on them have expired.
    """
    if connection.dialect.name == "postgresql" and not connection.execute(MAY_CLAIM).scalar():
        return []
    these = {**lease_at(now, allowance), "worker": worker}
    claimable: list[Any] = []
    for statement, asked in (
        (_EXPIRED.where(inbox.c.page.not_in(list(without_pages))), these),
        *(
            (_FREE, {**these, "this_page": page})
            for page in free_pages(connection, _FREE_PAGES, without_pages)
        ),
    ):
        wanted = _without(statement, without_threads)
        claimable += not_held(connection, wanted, asked, held, limit=limit)
    entries = [
        InboxEntry(
            position=position,
            event=_EVENT.decode(event),
            failures=failures,
            is_repeated=claimed_by != NOBODY,
            was_lost=claimed_by not in NOT_LOST,
            attempts=attempts,
        )
        for position, event, failures, claimed_by, attempts in sorted(claimable)[:limit]
    ]
    positions = [entry.position for entry in entries]
    do_in_parts(connection, _CLAIM, positions, worker=worker, until_us=lease_end(now))
    return entries


def renew(
    connection: Connection,
    positions: Sequence[int],
    now: datetime,
    *,
    worker: str,
    may_be_lost: bool,
) -> set[int]:
    """Prolong the claims on these entries; returns those that are still this worker's.

    One that waits behind an entry that another worker has taken over is not, and is given back: if
    it stayed this worker's without its knowing, what is recorded next would overtake it. If some
    `may_be_lost`, this first waits until no other worker is claiming.
    """
    if may_be_lost and connection.dialect.name == "postgresql":
        connection.execute(WAIT_FOR_CLAIMS)
    do_in_parts(connection, _RENEW, positions, worker=worker, until_us=lease_end(now))
    ours = found_in_parts(connection, _OURS, positions, worker=worker)
    release(connection, [each for each in positions if each not in ours], worker=worker)
    return ours


def of_ours(connection: Connection, keys: Collection[str], *, worker: str) -> set[str]:
    """Which of the events with these keys wait in this worker's hand.

    They are locked: until the transaction ends, no other worker gets them.
    """
    found = connection.execute(_OUR_EVENTS, {"keys": sorted(keys), "worker": worker})
    return set(found.scalars())


def void_claims(connection: Connection) -> None:
    """Let every waiting entry be claimed at once."""
    connection.execute(_VOID)


def release(connection: Connection, positions: Sequence[int], *, worker: str) -> None:
    """Let these entries be claimed at once, except those that are no longer this worker's."""
    do_in_parts(connection, _RELEASE, positions, worker=worker)


def done(connection: Connection, handled: Sequence[tuple[int, datetime]]) -> list[None]:
    """Mark the entries of many calls as done."""
    positions = tuple([position for position, _ in handled])
    latest = max([now for _, now in handled])
    execute(connection, _DONE, microseconds(latest), positions)
    return [None] * len(handled)


def failed(
    connection: Connection,
    position: int,
    now: datetime,
    *,
    error: str,
    for_good: bool,
    worker: str,
) -> bool:
    """Count a failure of a waiting entry, if it is this worker's; True if it is dead by now."""
    this = {"this_position": position, "worker": worker}
    failure = {"now_us": microseconds(now), "error_class": error, "for_good": for_good}
    connection.execute(_FAILED, {**this, **failure})
    return bool(connection.execute(_STATE, this).scalar() == DEAD)


def not_held(
    connection: Connection,
    wanted: Select,
    parameters: Mapping[str, object],
    held: Collection[int],
    *,
    limit: int,
) -> list[Any]:
    """The first `limit` rows, or more, that are not held.

    Those that are held are left out here, because they may be more than a statement can name.
    """
    found = connection.execute(wanted, {**parameters, "limit": limit}).all()
    if any(row.position in held for row in found):
        found = connection.execute(wanted, {**parameters, "limit": limit + len(held)}).all()
    return [row for row in found if row.position not in held]


def free_pages(connection: Connection, pages: Select, without: Collection[str]) -> list[str]:
    """The pages for which something waits that nobody has, except those in `without`."""
    return [page for page in connection.execute(pages).scalars().all() if page not in without]


def _without(claimable: Select, without_threads: Collection[Thread]) -> Select:
    if without_threads:
        claimable = claimable.where(inbox.c.thread.not_in([each.key for each in without_threads]))
    return claimable


def lease_at(now: datetime, allowance: timedelta = timedelta()) -> dict[str, int | None]:
    """The parameters of `is_over`, for claims that expired at least this long ago."""
    latest = now + CLAIM_LEASE + _SLACK + allowance
    return all_microseconds(now_us=now - allowance, most_us=latest)


def found_in_parts(
    connection: Connection, wanted: Select, positions: Sequence[int], **parameters: object
) -> set[int]:
    """Those of these positions that the query finds."""
    found: set[int] = set()
    for start in range(0, len(positions), AT_ONCE):
        part = {**parameters, "positions": positions[start : start + AT_ONCE]}
        found.update(connection.execute(wanted, part).scalars())
    return found


def do_in_parts(
    connection: Connection, statement: Any, positions: Sequence[int], **parameters: object
) -> None:
    """Carry out the statement for all these positions."""
    for start in range(0, len(positions), AT_ONCE):
        part = positions[start : start + AT_ONCE]
        connection.execute(statement, {**parameters, "positions": part})
