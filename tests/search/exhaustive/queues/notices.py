"""What operators are told of two handovers, by two workers: a world small enough to search.

The sessions and their notices are the real ones; the store is the one in memory, which the
contract tests hold to the one on SQL. A worker's steps follow `Ledger` and `Notifier`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import field
from msgspec.structs import replace

from channels.core.events import Thread
from channels.core.hours import WhenClosed
from channels.core.notices import EVERY_KIND, NoticeEntry, NoticeKind, addressed
from channels.core.plans import Plan
from channels.core.sessions import notices, transitions
from channels.core.sessions.feedback import Feedback
from channels.core.sessions.session import (
    Cause,
    EndReason,
    Session,
    Speaker,
    State,
    unanswered_at,
)
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.store import MemoryStore
from tests.fakes.store_rows import Rows
from tests.search.exhaustive.model import HOURS, NOW, Violation
from tests.search.exhaustive.queues.outbox_world import done

TARGET = "desk"
LEASE = CLAIM_LEASE + timedelta(seconds=1)
PLAN = Plan(
    name="default",
    timeout=LEASE * 99,
    unanswered_notice=LEASE / 2,
    when_closed=WhenClosed.WAIT,
)
LONGER, SHORTER = "ada", "bob"  # the users of a handover that waits at first, and of one that fails

Step = tuple[str, "World"]


class InHand(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that a worker tells: the target has taken it, or has not, as far as it knows."""

    entry: NoticeEntry
    is_taken: bool | None = None


class World(msgspec.Struct, frozen=True, kw_only=True):
    """All there is.

    `due` has what has come about, by session and in order, `got` what the target has been told, and
    `unclear` the notices of which nobody could know whether it had.
    """

    rows: Rows = field(default_factory=Rows)
    now: datetime = NOW
    due: tuple[tuple[str, NoticeKind], ...] = ()
    got: tuple[str, ...] = ()
    unclear: frozenset[str] = frozenset()
    workers: tuple[InHand | None, InHand | None] = (None, None)

    def copied(self, **changes: Any) -> World:
        """One that can be written to."""
        rows, old = Rows(), self.rows
        rows.sessions = {key: replace(each) for key, each in old.sessions.items()}
        rows.notices = {key: replace(each) for key, each in old.notices.items()}
        rows.last_notice = old.last_notice
        return replace(self, rows=rows, **changes)

    def store(self) -> MemoryStore:
        store = MemoryStore(worker="any")
        store._rows = self.rows
        return store

    def sessions(self) -> list[Session]:
        return [kept.session for kept in self.rows.sessions.values()]

    def with_hand(self, which: int, hand: InHand | None, **changes: Any) -> World:
        first, second = self.workers
        workers = (hand, second) if which == 0 else (first, hand)
        return self.copied(workers=workers, **changes)


def beginning() -> World:
    """One handover waits until somebody is there, one is being made."""
    world = World()
    for user, plan in (
        (LONGER, replace(PLAN, hours=HOURS[1])),
        (SHORTER, PLAN),
    ):
        thread = Thread(page="111", user=user)
        session = transitions.opening(
            thread=thread, plan=plan, cause=Cause(at=NOW, key=user), now=NOW
        )
        world = _stored(world, transitions.by_hours(session, NOW), is_new=True)
    return world


def nexts(world: World) -> Iterator[Step]:
    """All that can happen next."""
    yield from _tellings(world)
    for session in world.sessions():
        yield from _courses(world, session)
    for which, hand in enumerate(world.workers):
        if hand is not None:
            unclear = world.unclear | ({hand.entry.notice.id} if hand.is_taken else set())
            yield "a worker dies", world.with_hand(which, None, unclear=unclear)
    if len(world.unclear) < 2:
        yield "a lease passes", _later(world)


def what_comes(world: World) -> Step | None:
    """What happens next if nothing breaks any more; None if nothing is left to do."""
    told = next(_tellings(world), None)
    if told is not None:
        return told
    if world.rows.notices:
        return "a lease passes", _later(world)
    courses = (step for one in world.sessions() for step in _courses(world, one) if one.is_open)
    return next(courses, None)


def check_end(world: World) -> None:
    """What must hold once nothing is left to do."""
    for user in (LONGER, SHORTER):
        due = [kind.value for name, kind in world.due if name == user]
        if _told_of(world, user) != due:
            raise Violation(f"of {due} operators are told {_told_of(world, user)}")


def key_of(world: World) -> bytes:
    """What only the same world has."""
    return _ENCODE(
        (
            [(one.state, one.told, one.regained, one.feedback is None) for one in world.sessions()],
            [
                (
                    each.one.notice.id,
                    each.due_at <= world.now,
                    each.claimed_until > world.now,
                    each.handled_at is None,
                )
                for each in world.rows.notices.values()
            ],
            [hand and (hand.entry.notice.id, hand.is_taken) for hand in world.workers],
            (world.got, sorted(world.unclear), [unanswered_at(one) for one in world.sessions()]),
            (world.due, [_is_reminder_due(world, one) for one in world.sessions()]),
        )
    )


# Telling


def _tellings(world: World) -> Iterator[Step]:
    for which, hand in enumerate(world.workers):
        if hand is None:
            claimed = world.copied()
            entry = done(claimed.store().claim_notice(TARGET, world.now))
            if entry is not None:
                taken = claimed.with_hand(which, InHand(entry=entry))
                yield f"a worker has to tell {entry.notice.kind.value}", taken
        elif hand.is_taken is None:
            yield from _told(world, which, hand)
        else:
            noted, position = world.copied(), hand.entry.position
            if hand.is_taken:
                done(noted.store().notice_told(position))
            else:
                again_at = world.now + LEASE / 2
                done(noted.store().notice_failed(position, world.now, again_at=again_at))
            yield "a worker notes what has come of it", noted.with_hand(which, None)


def _told(world: World, which: int, hand: InHand) -> Iterator[Step]:
    notice = hand.entry.notice
    got = (*world.got, notice.id)
    if notice.id in world.got and notice.id not in world.unclear:
        raise Violation(f"operators are told {notice.kind.value} twice")
    told = world.with_hand(which, InHand(entry=hand.entry, is_taken=True), got=got)
    _check_order(told, notice.thread.user)
    yield "the target takes it", told
    unclear = world.unclear | {notice.id}
    failed = InHand(entry=hand.entry, is_taken=False)
    yield "its answer is lost", world.with_hand(which, failed, got=got, unclear=unclear)
    yield "the target does not take it", world.with_hand(which, failed)


def _check_order(world: World, user: str) -> None:
    told = _told_of(world, user)
    due = [kind.value for name, kind in world.due if name == user]
    if told != due[: len(told)]:
        raise Violation(f"operators are told {told} of {due}")


def _told_of(world: World, user: str) -> list[str]:
    """What the target has been told of a user's handover, but for repetitions."""
    ids = {session.id: session.thread.user for session in world.sessions()}
    told = (one.split("_") for one in dict.fromkeys(world.got))  # msg_SESSION_KIND
    return [kind for _, session_id, kind in told if ids[session_id] == user]


def _later(world: World) -> World:
    """The claims on what is in hand are over: whoever is told by two, nobody can help."""
    in_hand = {hand.entry.notice.id for hand in world.workers if hand is not None}
    return world.copied(now=world.now + LEASE, unclear=world.unclear | in_hand)


# What comes about


def _courses(world: World, session: Session) -> Iterator[Step]:
    """What can become of a session, and what operators are to hear of that."""
    now, is_longer = world.now, session.thread.user == LONGER
    if session.is_waiting:
        yield "somebody is there", _stored(world, transitions.opened(session, now, user_at=None))
    elif session.state is State.OPENING and is_longer:
        yield (
            "the thread is passed",
            _stored(world, transitions.activated(session, now), NoticeKind.OPENED),
        )
    elif session.state is State.OPENING:
        yield (
            "the handover fails",
            _stored(world, transitions.failed(session, now), NoticeKind.FAILED),
        )
    elif session.state is State.ACTIVE:
        yield from _of_active(world, session)
    elif session.state is State.ENDING:
        if not session.regained:
            yield (
                "the thread is taken back",
                _stored(world, transitions.regained(session, now), NoticeKind.ENDED),
            )
            yield "it stays with the agent", _stored(world, transitions.left_with_agent(session))
        else:
            yield "Rasa has heard of the end", _stored(world, transitions.ended(session))
    elif session.feedback is None:
        rated = world.copied()
        feedback = Feedback(score="good", comment=None, at=now)
        done(rated.store().save_session(transitions.rated(session, feedback)))
        yield "the user rates it", rated


def _of_active(world: World, session: Session) -> Iterator[Step]:
    now = world.now
    if _is_reminder_due(world, session):
        reminded = transitions.reminded_of(session)
        yield "nobody has answered", _stored(world, reminded, NoticeKind.UNANSWERED, is_also=True)
    elif not session.operator_messages:
        heard = transitions.heard(session, Speaker.OPERATOR, said_at=now, now=now)
        yield "an operator answers", _stored(world, heard, NoticeKind.ANSWERED)
    ending = transitions.ending(session, EndReason.TIMEOUT, now)
    if session.has_deadline:
        yield "the time is over", _stored(world, ending)
    returned = transitions.ending(session, EndReason.AGENT_RETURNED, now)
    yield "the agent returns it", _stored(world, returned, NoticeKind.ENDED)


def _is_reminder_due(world: World, session: Session) -> bool:
    at = unanswered_at(session)
    return at is not None and at <= world.now


def _stored(
    world: World,
    session: Session,
    kind: NoticeKind | None = None,
    *,
    is_new: bool = False,
    is_also: bool = False,
) -> World:
    """With a session's next version, and what operators are to hear of it, as `Ledger` has it."""
    if session.is_waiting:
        kind = NoticeKind.WAITING
    due = world.due if kind is None else (*world.due, (session.thread.user, kind))
    also = [kind] if is_also and kind is not None else []
    session, told = notices.telling(session, world.now, also=also)
    stored = world.copied(due=due)
    save: Callable[..., Any] = stored.store().add_session if is_new else stored.store().save_session
    assert done(save(session, notices=addressed(told, [(TARGET, EVERY_KIND)])))
    return stored


_ENCODE = msgspec.msgpack.Encoder(enc_hook=str).encode
