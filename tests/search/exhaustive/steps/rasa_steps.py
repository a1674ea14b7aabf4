"""A worker's steps with Rasa: its turns, and what is stored once it has been told."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from channels.core.decisions import NOTHING
from channels.core.events import UserMessage
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, Session, State
from tests.search.exhaustive.course import advanced, done, handled, read_again
from tests.search.exhaustive.happenings import CRY_FOR_HELP, NEVER_MIND
from tests.search.exhaustive.merging import LATER_THAN_ALL
from tests.search.exhaustive.model import AGENT, NOW, PLAN, Step, Violation, World
from tests.search.exhaustive.steps import opening_steps
from tests.search.exhaustive.steps.event_steps import adopted
from tests.search.exhaustive.stored import added, changed, kept


def turn(world: World, which: int) -> Iterator[World]:
    """Rasa answers what the user said, or its action hands the thread over; or it fails."""
    event, session = world.event_of(which), world.session
    if isinstance(event, UserMessage) and event.text == CRY_FOR_HELP:
        yield from opening_steps.asked_for(world, which)
        return
    if isinstance(event, UserMessage) and event.text == NEVER_MIND:
        yield opening_steps.cancelled(world, which)
        return
    if session is not None and session.silences_the_bot:
        if session.is_waiting:
            raise Violation("the bot is silent while the user waits")
        yield handled(world, which)
        return
    yield from _answer(world, which)
    yield opening_steps.died(world, which)


def _answer(world: World, which: int) -> Iterator[World]:
    event, after = world.event_of(which), None
    if not _is_sent(world, which):
        after = adopted(_alone(world, which), which, Cause(at=event.at, key=event.key))
    yield handled(world, which) if after is None else advanced(after, which)


def announce(world: World, which: int) -> Iterator[World]:
    after, _ = changed(world, which, transitions.announced, State.ACTIVE)
    yield advanced(after, which)
    yield _rasa_fails(world, which)


def tell(world: World, which: int) -> Iterator[World]:
    """Rasa hears of the end, and its follow-up goes to the user; unless it has heard before."""
    if world.session_of(which).id in world.told:
        yield world.going(which, Step.ENDED)
        return
    was_refused = not _is_sent(world, which)
    yield _told(world, which).going(which, Step.ENDED, was_refused=was_refused)
    if not was_refused and world.session_of(which).next_wishes is None:
        after, is_noted = changed(world, which, _next_asked_for, State.ENDING, is_claimed=True)
        if is_noted:
            yield after
    yield _rasa_fails(world, which)


def _next_asked_for(ending: Session) -> Session:
    return transitions.next_asked_for(ending, {"plan": PLAN.name})


def overtaken(world: World, which: int) -> Iterator[World]:
    told = _told(world, which)
    yield read_again(kept(told, which, transitions.ended(told.session_of(which))), which)


def ended(world: World, which: int) -> Iterator[World]:
    session = world.session_of(which)
    if session.id not in world.told:
        raise Violation("a session ends and Rasa does not know")
    stored = world.session
    after, has_ended = changed(world, which, transitions.ended, State.ENDING)
    if has_ended and stored is not None and stored.next_wishes is not None:
        yield _followed(after, which, stored)
    elif after.workers[which].was_refused:
        yield after.going(which, Step.FOLLOW)
    else:
        yield done(after, which)


def _followed(world: World, which: int, ended: Session) -> World:
    """The session that the follow-up has asked for is stored with the end of the one before."""
    following = transitions.following(ended, PLAN, NOW, at=NOW)
    after = added(world, which, replace(following, cause_at=LATER_THAN_ALL), is_claimed=True)
    assert after is not None
    decision = world.workers[which].decision or NOTHING
    return after.going(
        which,
        Step.PASS,
        reason=None,
        decision=NOTHING,
        in_turn=False,
        reads_again=decision.route,
    )


def follow(world: World, which: int) -> Iterator[World]:
    cause = Cause(at=LATER_THAN_ALL, key=world.session_of(which).ended_message_id)
    after = adopted(world, which, cause)
    yield done(world, which) if after is None else advanced(after, which)


def _is_sent(world: World, which: int) -> bool:
    """Whether a message reaches the user, now or, where the window is closed, once they write.

    One that Meta refuses because of its owner must have raced a takeover.
    """
    if not world.in_window:
        return True
    if world.owner != AGENT:
        return True
    if not (world.is_unnoticed or world.workers[which].is_outdated):
        raise Violation("the bot speaks although another app is known to have the thread")
    return False


def _told(world: World, which: int) -> World:
    """The end is in Rasa's tracker, once."""
    session, stored = world.session_of(which), world.session
    if session.id in world.told:
        return world
    if stored is None or stored.id != session.id or not stored.regained:
        raise Violation("Rasa is told of an end that is none")
    if stored.reason is not session.reason:
        raise Violation("Rasa is told another reason than the one that was stored")
    return replace(world, told=(*world.told, session.id))


def _rasa_fails(world: World, which: int) -> World:
    """The session is tried again from the store, and the event from the inbox."""
    key = world.workers[which].key
    deliveries = tuple(
        replace(one, is_held=one.is_held and one.event.key != key) for one in world.deliveries
    )
    failing = replace(_alone(world, which), deliveries=deliveries)
    return failing.going(which, Step.POSTPONE, key=None)


def _alone(world: World, which: int) -> World:
    """The worker has nothing more to do of its decision."""
    return world.with_worker(which, replace(world.workers[which], decision=NOTHING))
