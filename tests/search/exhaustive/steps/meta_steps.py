"""A worker's steps between Meta and the store: pass, watch, take back."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from channels.core.meta.ownership import ANOTHER, Owner, Routing
from channels.core.sessions import transitions
from channels.core.sessions.session import EndReason
from tests.search.exhaustive.course import advanced, done
from tests.search.exhaustive.model import AGENT, NOW, US, Step, World
from tests.search.exhaustive.stored import kept

ENDED_BY_OWNER = {Owner.OURS: EndReason.AGENT_RETURNED, Owner.IDLE: EndReason.AGENT_RELEASED}


def owner_of(world: World) -> Owner:
    """What `thread_owner` answers."""
    if world.owner == US:
        return Owner.OURS
    if world.owner is None:
        return Owner.IDLE
    return Owner.ANOTHER_APP if world.routing is Routing.ON else Owner.UNNAMED


def pass_control(world: World, which: int) -> Iterator[World]:
    """Where somebody has taken the thread already, Meta refuses, and that will do."""
    passed = replace(world, owner=AGENT)
    yield passed.going(which, Step.ACTIVATE)
    yield passed.going(which, Step.FAIL_IN_DOUBT)
    if world.owner != AGENT:
        yield world.going(which, Step.FAIL_IN_DOUBT)
        yield world.going(which, Step.FAIL)
        if world.session_of(which).waiting_since is not None:
            yield world.going(which, Step.WAIT_AGAIN)


def activate(world: World, which: int) -> Iterator[World]:
    active = transitions.activated(world.session_of(which), NOW)
    yield advanced(kept(world, which, active, is_unnoticed=False), which)


def fail(world: World, which: int) -> Iterator[World]:
    failed = transitions.failed(world.session_of(which), NOW)
    yield advanced(kept(world, which, failed, is_claimed=True), which)


def fail_in_doubt(world: World, which: int) -> Iterator[World]:
    failed = transitions.failed(world.session_of(which), NOW, regained=False)
    yield advanced(kept(world, which, failed, is_claimed=True), which)


def settle(world: World, which: int) -> Iterator[World]:
    yield world.going(which, Step.ACTIVATE if owner_of(world) in ANOTHER else Step.PASS)


def probe(world: World, which: int) -> Iterator[World]:
    reason = ENDED_BY_OWNER.get(owner_of(world))
    yield world.going(which, Step.END if reason else Step.PROBED, reason=reason)


def probed(world: World, which: int) -> Iterator[World]:
    session = world.session_of(which)
    watched = transitions.probed(session, NOW + session.plan.owner_probe)
    yield done(kept(world, which, watched, is_unnoticed=False), which)


def take(world: World, which: int) -> Iterator[World]:
    """What Meta refuses, by the page's settings, does no harm if nobody else has the thread."""
    if world.owner != AGENT:
        yield world.going(which, Step.REGAIN)
    elif world.routing is Routing.OFF:
        yield world.going(which, Step.REQUEST)
    else:
        yield replace(world, owner=US).going(which, Step.REGAIN)
        yield world.going(which, Step.LEAVE)
    yield world.going(which, Step.POSTPONE)


def request(world: World, which: int) -> Iterator[World]:
    """Whether the owner passes the thread is up to the owner; it is asked once."""
    may_ask = world.routing is Routing.OFF and world.session_of(which).asked_at is None
    yield world.going(which, Step.ASKED if may_ask else Step.LEAVE)


def asked(world: World, which: int) -> Iterator[World]:
    waiting = transitions.asked(world.session_of(which), NOW)
    yield done(kept(world, which, waiting), which)


def leave(world: World, which: int) -> Iterator[World]:
    left = transitions.left_with_agent(world.session_of(which))
    yield done(kept(world, which, left, is_unnoticed=False), which)


def postpone(world: World, which: int) -> Iterator[World]:
    waiting = transitions.postponed(world.session_of(which), NOW)
    yield done(kept(world, which, waiting), which)
