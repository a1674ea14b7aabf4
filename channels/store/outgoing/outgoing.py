"""What the bot says, in SQL, until Meta has it: each function is an operation for the writer.

A message waits until it is sent, held until the user writes, or dropped. As in the inbox, all
of a thread's messages that are claimed are one worker's, and come before those that are not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Integer, bindparam, delete, func, not_, or_, select, union, update
from sqlalchemy.engine import Connection

from ...core.errors import ClaimLost
from ...core.events import Thread
from ...core.records.outgoing import Outgoing, OutgoingEntry, Said, Standing
from ...core.sessions.session import Session, State
from ..claims import claims, workers
from ..claims.by_page import pages_of
from ..claims.claims import (
    GIVEN_BACK,
    NOBODY,
    free_pages,
    in_parts,
    is_over,
    lease_at,
    lease_end,
)
from ..database.schema import (
    AT_ONCE,
    CLAIM_LOCK,
    DEAD,
    DROPPED,
    HELD,
    SENT,
    UNCLAIMED,
    WAITING,
    earlier_is_outgoing,
    earlier_outgoing,
    inbox,
    insert_new,
    is_held,
    is_outgoing,
    is_outgoing_free,
    is_waiting,
    microseconds,
    moment,
    outgoing,
    sessions,
)
from ..protocol import Backlog
from ..sessions.sessions import open_of_threads

_OUTGOING: msgspec.json.Decoder[Outgoing] = msgspec.json.Decoder(Outgoing)

_SAY = insert_new(outgoing)
_LAST_POSITION = select(func.max(outgoing.c.position))
_SAID_NOW = select(outgoing.c.mark, outgoing.c.position).where(
    outgoing.c.position > bindparam("last"), outgoing.c.claimed_by == bindparam("worker")
)
_of_threads = outgoing.c.thread.in_(bindparam("threads", expanding=True))
_BEFORE_THESE = union(
    select(outgoing.c.thread, outgoing.c.state).where(_of_threads, is_held),
    select(outgoing.c.thread, outgoing.c.state).where(
        _of_threads, is_outgoing, outgoing.c.claimed_by != bindparam("worker")
    ),
)
_IS_THREAD_S = outgoing.c.thread == bindparam("this_thread")
_OF_TURN = (
    select(outgoing.c.position, outgoing.c.data, outgoing.c.state)
    .where(
        _IS_THREAD_S,
        outgoing.c.turn == bindparam("this_turn"),
        outgoing.c.state != DROPPED,
    )
    .order_by(outgoing.c.position)
)
_among_these = outgoing.c.position.in_(bindparam("positions", expanding=True))
_WITHDRAW = delete(outgoing).where(_among_these, or_(is_outgoing, is_held))

_MAY_CLAIM = select(func.pg_try_advisory_xact_lock(CLAIM_LOCK + 1))
_BEHIND_ANOTHER_WORKER = (
    select(earlier_outgoing.c.position)
    .where(
        earlier_outgoing.c.thread == outgoing.c.thread,
        earlier_outgoing.c.position < outgoing.c.position,
        earlier_is_outgoing,
        not_(is_over(earlier_outgoing.c.claimed_until_us)),
        earlier_outgoing.c.claimed_by != bindparam("worker"),
    )
    .exists()
)
# As in the inbox: a worker that stood still may have lost the first of a thread's messages alone.
_BEHIND_A_LOST_ONE = (
    select(earlier_outgoing.c.position)
    .where(
        earlier_outgoing.c.thread == outgoing.c.thread,
        earlier_outgoing.c.position < outgoing.c.position,
        earlier_is_outgoing,
        earlier_outgoing.c.claimed_until_us > UNCLAIMED,
        earlier_outgoing.c.claimed_by != bindparam("worker"),
    )
    .exists()
)
_WAIT_FOR_CLAIMS = select(func.pg_advisory_xact_lock(CLAIM_LOCK + 1))
# A turn that a crash has cut is taken again, and says then which of these are to be sent.
_TURN_IS_TAKEN_AGAIN = or_(
    select(inbox.c.position).where(inbox.c.key == outgoing.c.event_key, is_waiting).exists(),
    select(sessions.c.id)
    .where(sessions.c.id == outgoing.c.session_id, sessions.c.state == State.ENDING.value)
    .exists(),
)
_ENTRY = (
    outgoing.c.position,
    outgoing.c.data,
    outgoing.c.failures,
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
# As in the inbox: few have a claim that is over, and those that nobody has are read in order.
_EXPIRED = _CLAIMABLE.where(
    outgoing.c.claimed_until_us > UNCLAIMED, is_over(outgoing.c.claimed_until_us)
).order_by(outgoing.c.position + 0)
_FREE = _CLAIMABLE.where(is_outgoing_free, outgoing.c.page == bindparam("this_page")).order_by(
    outgoing.c.position
)
_PAGES = pages_of(outgoing, is_outgoing_free)
_FREE_PAGES = select(_PAGES.c.page).where(_PAGES.c.page.is_not(None))
_HELD_OF_THREAD = select(*_ENTRY).where(_IS_THREAD_S, is_held).order_by(outgoing.c.position)
_CLAIM = (
    update(outgoing)
    .where(_among_these)
    .values(state=WAITING, claimed_by=bindparam("worker"), claimed_until_us=bindparam("until_us"))
)
_IS_OURS = _among_these & is_outgoing & (outgoing.c.claimed_by == bindparam("worker"))
_OURS = select(outgoing.c.data, outgoing.c.failures).where(_IS_OURS)
_OUR_POSITIONS = select(outgoing.c.position).where(_IS_OURS, not_(_BEHIND_A_LOST_ONE))
_RENEW = (
    update(outgoing)
    .where(_IS_OURS, not_(_BEHIND_A_LOST_ONE))
    .values(claimed_until_us=bindparam("until_us"))
)
_RELEASE = (
    update(outgoing).where(_IS_OURS).values(claimed_by=GIVEN_BACK, claimed_until_us=0, attempts=0)
)
_VOID = (
    update(outgoing)
    .where(is_outgoing, outgoing.c.claimed_until_us > UNCLAIMED)
    .values(claimed_until_us=0)
)
_STANDING = select(outgoing.c.position, outgoing.c.state).where(
    _among_these, or_(not_(is_outgoing), outgoing.c.claimed_by == bindparam("worker"))
)
_IS_THIS = outgoing.c.position == bindparam("this_position")
_SENT = (
    update(outgoing)
    .where(_IS_THIS)
    .values(state=SENT, mid=bindparam("its_mid"), handled_at_us=bindparam("now_us"))
)
_THIS_AND_BEHIND = select(outgoing.c.position).where(
    outgoing.c.thread == select(outgoing.c.thread).where(_IS_THIS).scalar_subquery(),
    outgoing.c.position >= bindparam("this_position"),
    is_outgoing,
)
_HOLD = (
    update(outgoing)
    .where(_among_these, is_outgoing)
    .values(state=HELD, claimed_by=NOBODY, claimed_until_us=0)
)
_DROP = (
    update(outgoing)
    .where(_IS_THIS, is_outgoing)
    .values(state=DROPPED, handled_at_us=bindparam("now_us"))
)
_DROP_REST_OF_TURN = (
    update(outgoing)
    .where(_IS_THREAD_S, outgoing.c.turn == bindparam("this_turn"), is_outgoing)
    .values(state=DROPPED, handled_at_us=bindparam("now_us"))
)
_GIVE_UP = (
    update(outgoing)
    .where(_IS_THIS, is_outgoing)
    .values(state=DEAD, error=bindparam("error_class"), handled_at_us=bindparam("now_us"))
)
_FAILED = update(outgoing).where(_IS_THIS, is_outgoing).values(failures=outgoing.c.failures + 1)
_FAILURES = select(outgoing.c.failures).where(_IS_THIS)
_WAITS = select(outgoing.c.position).where(_IS_THREAD_S, is_outgoing).limit(1)
_ECHO = (
    update(outgoing)
    .where(outgoing.c.mark == bindparam("its_mark"), is_outgoing)
    .values(state=SENT, handled_at_us=bindparam("now_us"))
)
_HAS_ECHO = select(outgoing.c.position).where(
    outgoing.c.mark == bindparam("its_mark"), outgoing.c.state == SENT
)
_GIVEN_UP = (outgoing.c.state == DROPPED) & (outgoing.c.failures > 0)
_UNCONFIRMED = (
    select(outgoing.c.position, outgoing.c.data, outgoing.c.failures)
    .where(_IS_THREAD_S, or_(is_outgoing, _GIVEN_UP))
    .order_by(outgoing.c.position)
)
_BY_MID = select(outgoing.c.position).where(outgoing.c.mid == bindparam("its_mid"))
_COUNT = select(func.count()).select_from(outgoing)
_COUNT_DEAD = _COUNT.where(outgoing.c.state == DEAD, outgoing.c.handled_at_us.is_not(None))
_OLDEST = select(outgoing.c.said_at_us).where(is_outgoing).order_by(outgoing.c.position).limit(1)
_FORGET = delete(outgoing).where(_IS_THREAD_S)
_PRUNE = delete(outgoing).where(
    outgoing.c.position.in_(
        select(outgoing.c.position)
        .where(
            outgoing.c.state == bindparam("its_state"),
            outgoing.c.handled_at_us.is_not(None),
            outgoing.c.handled_at_us < bindparam("at_us"),
        )
        .limit(bindparam("limit", type_=Integer))
    )
)
_PRUNE_HELD = delete(outgoing).where(
    outgoing.c.position.in_(
        select(outgoing.c.position)
        .where(is_held, outgoing.c.said_at_us < bindparam("at_us"))
        .limit(bindparam("limit", type_=Integer))
    )
)


def say(
    connection: Connection,
    asked: Sequence[tuple[Outgoing, bool, bool, bool]],
    *,
    worker: str,
    is_alone: bool = False,
) -> list[int | None]:
    """Insert the messages of many calls; each gets the position of what comes into its hand.

    Raises ClaimLost, unless the worker `is_alone`, where another one has taken over what a message
    was said in.
    """
    if not is_alone:
        _check_claims(connection, asked, worker)
    threads = sorted({said.thread.key for said, *_ in asked})
    with_held, elsewhere = _before_these(connection, threads, worker)
    last = connection.execute(_LAST_POSITION).scalar() or 0
    rows = []
    for said, in_hand, held, _ in asked:
        if held:
            with_held.add(said.thread.key)
        elif not in_hand:
            elsewhere.add(said.thread.key)
        held = said.thread.key in with_held
        is_ours = not held and said.thread.key not in elsewhere
        rows.append(_row(said, held=held, claimant=worker if is_ours else NOBODY))
    connection.execute(_SAY, rows)
    recorded = connection.execute(_SAID_NOW, {"last": last, "worker": worker})
    positions: dict[str, int] = dict(recorded.all())
    return [positions.get(said.mark) for said, *_ in asked]


def _check_claims(
    connection: Connection, asked: Sequence[tuple[Outgoing, bool, bool, bool]], worker: str
) -> None:
    keys = {said.event_key for said, *_ in asked if said.event_key is not None}
    turns = {said.thread.key for said, _, _, in_turn in asked if in_turn}
    is_ours = not keys or claims.of_ours(connection, keys, worker=worker) == keys
    if not is_ours or (turns and workers.of_ours(connection, turns, worker=worker) != turns):
        raise ClaimLost("What was said belongs to a turn that another worker has taken over.")


def of_turn(connection: Connection, thread: Thread, turn: str) -> list[Said]:
    """What attempts at the turn have said, in order; without what was dropped."""
    found = connection.execute(_OF_TURN, {"this_thread": thread.key, "this_turn": turn})
    said = ((position, _OUTGOING.decode(data), state) for position, data, state in found)
    return [
        Said(
            position=position,
            place=one.place,
            message=one.message,
            response=one.response,
            is_waiting=state in (WAITING, HELD),
        )
        for position, one, state in said
    ]


def take_again(connection: Connection, position: int, *, worker: str) -> OutgoingEntry | None:
    """A waiting message that is this worker's already."""
    found = connection.execute(_OURS, {"positions": [position], "worker": worker}).first()
    if found is None:
        return None
    return OutgoingEntry(
        position=position, outgoing=_OUTGOING.decode(found.data), failures=found.failures
    )


def withdraw(connection: Connection, positions: Sequence[int]) -> None:
    """Delete those of these that are not sent yet."""
    for start in range(0, len(positions), AT_ONCE):
        connection.execute(_WITHDRAW, {"positions": positions[start : start + AT_ONCE]})


def claim(
    connection: Connection,
    now: datetime,
    *,
    limit: int,
    worker: str,
    without_threads: Collection[Thread] = (),
    without_pages: Collection[str] = (),
) -> list[OutgoingEntry]:
    """Take the oldest that nobody has, or whose claim has expired."""
    if connection.dialect.name == "postgresql" and not connection.execute(_MAY_CLAIM).scalar():
        return []
    found: list[Any] = []
    these = {**lease_at(now), "limit": limit, "worker": worker}
    for wanted, asked in (
        (_EXPIRED.where(outgoing.c.page.not_in(list(without_pages))), these),
        *(
            (_FREE, {**these, "this_page": page})
            for page in free_pages(connection, _FREE_PAGES, without_pages)
        ),
    ):
        if without_threads:
            wanted = wanted.where(outgoing.c.thread.not_in([each.key for each in without_threads]))
        found += connection.execute(wanted, asked).all()
    return _claimed(connection, sorted(found)[:limit], now, worker)


def free_held(
    connection: Connection, thread: Thread, now: datetime, *, worker: str
) -> list[OutgoingEntry]:
    """Take what is held for the thread's user, who has written."""
    held = connection.execute(_HELD_OF_THREAD, {"this_thread": thread.key}).all()
    return _claimed(connection, held, now, worker)


def renew(
    connection: Connection,
    positions: Sequence[int],
    now: datetime,
    *,
    worker: str,
    may_be_lost: bool,
) -> set[int]:
    """Prolong the claims on these messages; which of them are still this worker's, as of events."""
    if may_be_lost and connection.dialect.name == "postgresql":
        connection.execute(_WAIT_FOR_CLAIMS)
    until_us = lease_end(now)
    for start in range(0, len(positions), AT_ONCE):
        part = {"positions": positions[start : start + AT_ONCE], "worker": worker}
        connection.execute(_RENEW, {**part, "until_us": until_us})
    return in_parts(connection, _OUR_POSITIONS, positions, worker=worker)


def release(connection: Connection, positions: Sequence[int], *, worker: str) -> None:
    """Let these be claimed at once, save those that another worker has taken over."""
    for start in range(0, len(positions), AT_ONCE):
        part = {"positions": positions[start : start + AT_ONCE], "worker": worker}
        connection.execute(_RELEASE, part)


def void_claims(connection: Connection) -> None:
    connection.execute(_VOID)


def before_send(
    connection: Connection, asked: Sequence[OutgoingEntry], *, worker: str
) -> list[tuple[Standing | None, Session | None]]:
    """How each of these stands, but for what waits for another worker; its thread's session."""
    standing: dict[int, str] = {}
    for start in range(0, len(asked), AT_ONCE):
        positions = [entry.position for entry in asked[start : start + AT_ONCE]]
        part = {"positions": positions, "worker": worker}
        standing.update(connection.execute(_STANDING, part).all())
    threads = list({entry.outgoing.thread for entry in asked})
    open_ones = dict(zip(threads, open_of_threads(connection, threads), strict=True))
    return [
        (
            Standing(standing[entry.position]) if entry.position in standing else None,
            open_ones[entry.outgoing.thread],
        )
        for entry in asked
    ]


def sent(connection: Connection, taken: Sequence[tuple[int, str, datetime]]) -> list[None]:
    """Meta has taken the messages of many calls; `mid` is empty where only an echo has told."""
    rows = [
        {"this_position": position, "its_mid": mid or None, "now_us": microseconds(now)}
        for position, mid, now in sorted(taken)
    ]
    connection.execute(_SENT, rows)
    return [None] * len(taken)


def hold(connection: Connection, position: int) -> list[int]:
    """Hold a message, and those behind it, which would overtake it; return their positions."""
    found = connection.execute(_THIS_AND_BEHIND, {"this_position": position})
    positions = list(found.scalars())
    for start in range(0, len(positions), AT_ONCE):
        connection.execute(_HOLD, {"positions": positions[start : start + AT_ONCE]})
    return positions


def drop(connection: Connection, entry: OutgoingEntry, now: datetime, *, rest: bool) -> None:
    """Drop a message, and with `rest` what its turn says after it."""
    at = {"now_us": microseconds(now)}
    connection.execute(_DROP, {"this_position": entry.position, **at})
    if rest:
        said = entry.outgoing
        of_turn = {"this_thread": said.thread.key, "this_turn": said.turn}
        connection.execute(_DROP_REST_OF_TURN, {**of_turn, **at})


def give_up(connection: Connection, position: int, now: datetime, *, error: str) -> None:
    """Set a message aside, with what class of error Meta answered it."""
    this = {"this_position": position, "error_class": error, "now_us": microseconds(now)}
    connection.execute(_GIVE_UP, this)


def failed(connection: Connection, position: int) -> int:
    """Count a send whose answer was lost; return how many there are."""
    this = {"this_position": position}
    connection.execute(_FAILED, this)
    return int(connection.execute(_FAILURES, this).scalar() or 0)


def waits(connection: Connection, thread: Thread) -> bool:
    """Whether a message of the thread is still to be sent, by whomever."""
    return connection.execute(_WAITS, {"this_thread": thread.key}).first() is not None


def keep_echo(connection: Connection, heard: Sequence[tuple[str, datetime]]) -> list[None]:
    """Meta has the messages with these marks; in one order, against deadlocks."""
    rows = [{"its_mark": mark, "now_us": microseconds(at)} for mark, at in sorted(heard)]
    connection.execute(_ECHO, rows)
    return [None] * len(heard)


def has_echo(connection: Connection, mark: str) -> bool:
    return connection.execute(_HAS_ECHO, {"its_mark": mark}).first() is not None


def unconfirmed(connection: Connection, thread: Thread) -> list[OutgoingEntry]:
    """What Meta may have of the thread's messages without our knowing their ids."""
    found = connection.execute(_UNCONFIRMED, {"this_thread": thread.key})
    return [
        OutgoingEntry(position=position, outgoing=_OUTGOING.decode(data), failures=failures)
        for position, data, failures in found
    ]


def has_mid(connection: Connection, mid: str) -> bool:
    """Whether a message of ours got this id from Meta."""
    return connection.execute(_BY_MID, {"its_mid": mid}).first() is not None


def backlog(connection: Connection) -> Backlog:
    oldest_us = connection.execute(_OLDEST).scalar()
    return Backlog(
        waiting=int(connection.execute(_COUNT.where(is_outgoing)).scalar_one()),
        oldest_at=None if oldest_us is None else moment(oldest_us),
        dead=int(connection.execute(_COUNT_DEAD).scalar_one()),
        held=int(connection.execute(_COUNT.where(is_held)).scalar_one()),
    )


def forget(connection: Connection, thread: Thread) -> int:
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def prune(connection: Connection, *, state: str, before: datetime, limit: int) -> int:
    """Delete so many that have been in this state since before then; return how many."""
    asked = {"its_state": state, "at_us": microseconds(before), "limit": limit}
    return int(connection.execute(_PRUNE, asked).rowcount)


def prune_held(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete so many that were said before then to users who have not written since."""
    asked = {"at_us": microseconds(before), "limit": limit}
    return int(connection.execute(_PRUNE_HELD, asked).rowcount)


def _claimed(
    connection: Connection, found: Sequence[Any], now: datetime, worker: str
) -> list[OutgoingEntry]:
    positions = [row.position for row in found]
    for start in range(0, len(positions), AT_ONCE):
        part = {"positions": positions[start : start + AT_ONCE], "worker": worker}
        connection.execute(_CLAIM, {**part, "until_us": lease_end(now)})
    return [
        OutgoingEntry(
            position=position,
            outgoing=_OUTGOING.decode(data),
            failures=failures,
            is_doubtful=claimed_by != NOBODY,
            was_lost=claimed_by not in (NOBODY, GIVEN_BACK),
            attempts=attempts,
        )
        for position, data, failures, claimed_by, attempts in found
    ]


def _before_these(
    connection: Connection, threads: Sequence[str], worker: str
) -> tuple[set[str], set[str]]:
    """The threads in which something is held, and those of which something waits elsewhere."""
    found: dict[str, set[str]] = {HELD: set(), WAITING: set()}
    for start in range(0, len(threads), AT_ONCE):
        part = {"threads": threads[start : start + AT_ONCE], "worker": worker}
        for thread, state in connection.execute(_BEFORE_THESE, part):
            found[state].add(thread)
    return found[HELD], found[WAITING]


def _row(said: Outgoing, *, held: bool, claimant: str) -> dict[str, Any]:
    return {
        "thread": said.thread.key,
        "page": said.thread.page,
        "turn": said.turn,
        "mark": said.mark,
        "event_key": said.event_key,
        "session_id": said.session_id,
        "data": msgspec.json.encode(said).decode(),
        "said_at_us": microseconds(said.said_at),
        "state": HELD if held else WAITING,
        "claimed_by": claimant,
        "claimed_until_us": 0 if claimant == NOBODY else lease_end(said.said_at),
    }
