"""A worker's steps on the way of an event: read, decide, open, hear, end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from channels.core.decisions import NOTHING
from channels.core.meta.ownership import ANOTHER
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, Session, State
from tests.search.exhaustive.course import advanced, carried_on, decided, handled, read_again
from tests.search.exhaustive.model import ADA, AGENT, NOW, PLAN, Step, Violation, World
from tests.search.exhaustive.steps import opening_steps
from tests.search.exhaustive.steps.meta_steps import owner_of
from tests.search.exhaustive.stored import added, changed

JUST_BEFORE = timedelta(microseconds=1)


def read(world: World, which: int) -> Iterator[World]:
    """A handover that waits makes no difference: the thread is the bot's."""
    session = world.session
    return decided(world, which, None if session and session.is_waiting else session)


def ask(world: World, which: int) -> Iterator[World]:
    owner = owner_of(world)
    for after in decided(world, which, world.workers[which].session, owner):
        if after.workers[which].step in (Step.ADOPT, Step.OVERTAKEN) and owner not in ANOTHER:
            raise Violation("a thread that nobody has taken counts as taken")
        yield after


def adopt(world: World, which: int) -> Iterator[World]:
    event = world.event_of(which)
    cause = Cause(at=event.at - JUST_BEFORE, key=event.key)
    if world.session is not None and world.session.is_waiting:
        yield read_again(taken(world, which, cause), which)
        return
    after = adopted(world, which, cause)
    if after is not None:
        yield advanced(after, which)
    elif world.session is not None:
        yield read_again(world, which)
    else:
        yield handled(world, which)


def adopted(world: World, which: int, cause: Cause) -> World | None:
    """With a session for the thread that somebody has taken, if it can be opened."""
    if world.session is not None and world.session.is_waiting:
        return taken(world, which, cause)
    session = transitions.adopted(
        thread=ADA, plan=PLAN, cause=cause, owner_app=AGENT, now=NOW, user_at=world.user_at
    )
    return added(world, which, session, is_unnoticed=False)


def taken(world: World, which: int, cause: Cause) -> World:
    """Somebody has taken the thread of a session that waits."""

    def change(waiting: Session) -> Session:
        return transitions.taken(waiting, AGENT, cause, NOW)

    knowing = world.going(which, world.workers[which].step, session=world.session)
    after, _ = changed(knowing, which, change, State.WAITING, is_unnoticed=False)
    return after


def grant(world: World, which: int) -> Iterator[World]:
    if world.session is not None and world.session.is_waiting:
        yield opening_steps.opened(world, which, is_asked_for=True)
        return
    session = opening_steps.opening(world, which, is_asked_for=True)
    after = added(world, which, session, is_claimed=True)
    if after is None:
        yield handled(world, which)
    else:
        yield after.going(which, Step.PASS, decision=NOTHING)


def retarget(world: World, which: int) -> Iterator[World]:
    owner_app = world.decision_of(which).owner_app

    def change(active: Session) -> Session:
        return transitions.owned_by(active, owner_app)

    after, _ = changed(world, which, change, State.ACTIVE)
    yield carried_on(after, which, owner_app=None)


def hear(world: World, which: int) -> Iterator[World]:
    said_at, speaker = world.event_of(which).at, world.decision_of(which).heard
    assert speaker is not None

    def change(active: Session) -> Session:
        return transitions.heard(active, speaker, said_at=said_at, now=NOW)

    after, _ = changed(world, which, change, State.ACTIVE)
    yield carried_on(after, which, heard=None)


def end(world: World, which: int) -> Iterator[World]:
    """By an event, at the deadline, or because nobody else has the thread any more."""
    by_itself = world.workers[which].reason
    reason = by_itself or world.decision_of(which).end
    user_at = None if by_itself else _user_at(world, which)
    assert reason is not None

    def change(active: Session) -> Session:
        return transitions.ending(active, reason, NOW, user_at=user_at)

    after, has_ended = changed(world, which, change, State.ACTIVE, is_claimed=True)
    yield advanced(after, which) if has_ended or by_itself else read_again(after, which)


def regain(world: World, which: int) -> Iterator[World]:
    """By an event, or because the thread has been taken."""
    decision = world.workers[which].decision
    by_event = decision is not None and decision.regained
    user_at = _user_at(world, which) if by_event else None

    def change(ending: Session) -> Session:
        if ending.regained and user_at is None:
            return ending
        return transitions.regained(ending, NOW, user_at=user_at)

    after, is_ours = changed(world, which, change, State.ENDING, is_claimed=True)
    yield advanced(after, which) if is_ours or not by_event else read_again(after, which)


def _user_at(world: World, which: int) -> datetime | None:
    """When the user wrote, where that ends a session; what is older than its cause must not."""
    event = world.event_of(which)
    if event.at <= world.session_of(which).cause_at:
        raise Violation("a stale event ends a session")
    return event.at if world.decision_of(which).route else None
