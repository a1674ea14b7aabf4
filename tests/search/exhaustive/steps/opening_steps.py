"""A worker's steps with a handover that is asked for, and may wait until somebody is there."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from channels.core.decisions import NOTHING
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason, Session, State, deadline
from tests.search.exhaustive.course import advanced, done, handled
from tests.search.exhaustive.model import ADA, HOURS, NOW, PLAN, REFUSING, Step, Violation, World
from tests.search.exhaustive.stored import added, changed, followed, kept


def opening(
    world: World, which: int, *, plan: Plan = PLAN, key: str = "", is_asked_for: bool = False
) -> Session:
    """A session that is to be stored before control is passed; of the event, or with that key."""
    event = world.event_of(which)
    return transitions.opening(
        thread=ADA,
        plan=plan,
        cause=Cause(at=event.at, key=key or event.key),
        now=NOW,
        user_at=world.user_at,
        is_asked_for=is_asked_for,
    )


def asked_for(world: World, which: int) -> Iterator[World]:
    """An action hands the thread over: by a plan with hours that waits, or does not, or without."""
    hours = HOURS[world.opens_in]
    plans = (replace(PLAN, hours=hours), replace(REFUSING, hours=hours), PLAN)
    for plan in plans if hours else (PLAN,):
        yield _stored(world, which, opening(world, which, plan=plan))


def died(world: World, which: int) -> World:
    """Rasa has failed for the last time: its user is handed over, at most once in a while."""
    known = world.session
    if world.has_stepped_in or (known is not None and not known.is_waiting):
        return handled(world, which)
    plan, key = replace(PLAN, hours=HOURS[world.opens_in]), world.workers[which].key
    session = opening(world, which, plan=plan, key=f"failed {key}")
    stepping_in = replace(world, has_stepped_in=True)
    return _stored(stepping_in, which, transitions.on_failure(session), ends_event=True)


def _stored(world: World, which: int, session: Session, *, ends_event: bool = False) -> World:
    """With a session as its plan's hours have it, unless another one is open."""
    known, session = world.session, transitions.by_hours(session, NOW)
    is_claimed = session.state is State.OPENING
    if is_claimed and session.plan.hours is not None:
        raise Violation("a handover is made while nobody is there")
    if known is not None and known.is_waiting and known.id != session.id:
        if session.plan.name == known.plan.name and not is_claimed:
            return handled(world, which)
        after: World | None = followed(world, which, session, is_claimed=is_claimed)
    else:
        after = added(world, which, session, is_claimed=is_claimed)
    if after is None or not is_claimed:
        return handled(after or world, which)
    if ends_event:
        left = handled(after, which)
        after = left.with_worker(which, replace(after.workers[which], key=None))
    return after.going(which, Step.PASS, decision=NOTHING, in_turn=not ends_event)


def cancelled(world: World, which: int) -> World:
    """The dialogue wants none of a handover that waits."""
    return handled(_ended(world, which, EndReason.CANCELLED), which)


def look(world: World, which: int) -> Iterator[World]:
    """Whether somebody is there by now, or the user has waited for too long."""
    session = world.session_of(which)
    ends = deadline(session)
    if session.plan.is_open(NOW):
        yield opened(world, which)
    elif ends is not None and ends[0] <= NOW:
        yield advanced(_ended(world, which, ends[1], is_claimed=True), which)
    else:
        yield done(kept(world, which, transitions.waiting_on(session, NOW)), which)


def opened(world: World, which: int, *, is_asked_for: bool = False) -> World:
    """Somebody is there, or has asked for the thread."""
    if world.opens_in and not is_asked_for:
        raise Violation("a handover that waits is made while nobody is there")

    def change(waiting: Session) -> Session:
        return transitions.opened(waiting, NOW, user_at=world.user_at)

    knowing = _knowing(world, which)
    after, is_opening = changed(knowing, which, change, State.WAITING, is_claimed=True)
    if not is_opening:
        return advanced(after, which)
    return after.going(which, Step.PASS, decision=NOTHING)


def wait_again(world: World, which: int) -> Iterator[World]:
    waiting = transitions.waiting_again(world.session_of(which), NOW)
    yield done(kept(world, which, waiting), which)


def _ended(world: World, which: int, reason: EndReason, **also: bool) -> World:
    def change(waiting: Session) -> Session:
        return transitions.ending(waiting, reason, NOW, user_at=world.user_at)

    if world.session is None and world.workers[which].session is None:
        return world
    after, _ = changed(_knowing(world, which), which, change, State.WAITING, **also)
    return after


def _knowing(world: World, which: int) -> World:
    """The worker has read the open session, if it has none in hand."""
    worker = world.workers[which]
    return world if worker.session else world.going(which, worker.step, session=world.session)
