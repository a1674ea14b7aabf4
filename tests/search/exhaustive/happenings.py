"""What happens to a world from outside: the user, other apps, the page's admin, time, crashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from channels.core.events import (
    Array,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Postback,
    UserMessage,
)
from channels.core.meta.ownership import Routing
from channels.core.sessions.session import Session, State
from tests.search.exhaustive.merging import by_hours, later, next_place
from tests.search.exhaustive.model import (
    ADA,
    AGENT,
    DAY,
    IDLE,
    INBOX,
    NOW,
    TICK,
    US,
    Delivery,
    World,
)
from tests.search.exhaustive.stored import cancelled_by_operator

CRY_FOR_HELP = "a person, please"  # Rasa answers it with a handover
RETURN_WORD = "menu"
NEVER_MIND = "never mind"  # Rasa answers it by cancelling

Happening = tuple[str, World]


def happenings(world: World, *, most_deliveries: int) -> Iterator[Happening]:
    """All that can happen next; no new event as long as that many wait."""
    if len(world.deliveries) < most_deliveries:
        yield from _by_the_user(world)
        yield from _by_apps(world)
    if world.owner == AGENT:
        yield "the agent releases the thread", replace(world, owner=None)
    if world.session is not None and world.session.is_waiting:
        yield "an operator asks for the bot", cancelled_by_operator(world)
    yield from _by_the_admin(world)
    yield from _by_time(world)
    for which, worker in enumerate(world.workers):
        if worker != IDLE:
            yield f"a worker dies before it {worker.step.value}", world.with_worker(which, IDLE)


def _by_the_user(world: World) -> Iterator[Happening]:
    """An idle thread goes to the default app. With routing off, every app hears everything."""
    world = replace(world, in_window=True)
    if world.owner is None and world.routing is Routing.ON:
        world = replace(world, owner=US)
    if world.owner == AGENT:
        for text in ("hello", RETURN_WORD):
            written = _event(world, UserMessage, array=Array.STANDBY, text=text)
            yield f"the user writes to the agent: {text}", written
    if world.owner != AGENT or world.routing is Routing.OFF:
        waits = world.session is not None and world.session.is_waiting
        for text in ("hello", CRY_FOR_HELP, NEVER_MIND) if waits else ("hello", CRY_FOR_HELP):
            yield f"the user writes: {text}", _event(world, UserMessage, text=text)
    for payload in ("/back", "/other"):
        yield f"the user taps {payload}", _event(world, Postback, payload=payload)


def _by_apps(world: World) -> Iterator[Happening]:
    """An operator who writes has the thread; a person may do so after the 24 hours, too."""
    if world.owner == AGENT:
        passed = _event(world, ControlPassed, new_owner=US)
        yield "the agent passes to us", replace(passed, owner=US)
        yield "the agent passes to the inbox", _event(world, ControlPassed, new_owner=INBOX)
    if world.owner == US:
        yield "the agent takes the thread", _taken(_event(world, ControlTaken, new_owner=AGENT))
    if world.owner == US and world.routing is Routing.OFF:
        requested = _event(world, ControlRequested, requested_owner=AGENT)
        yield "the agent asks for the thread", requested
    written = _event(world, Echo, array=Array.STANDBY, app_id=INBOX)
    yield "an operator writes", written if world.owner == AGENT else _taken(written)


def _by_the_admin(world: World) -> Iterator[Happening]:
    """The workers look at the page's routing once an hour only."""
    other = Routing.OFF if world.routing is Routing.ON else Routing.ON
    yield f"routing is switched {other.value}", replace(world, routing=other)
    if world.known_routing is not world.routing:
        yield "the workers look at the routing", replace(world, known_routing=world.routing)


def _by_time(world: World) -> Iterator[Happening]:
    """A worker that is at a step for ten minutes is dead. No event is late by a day."""
    if world.workers == (IDLE, IDLE):
        yield "ten minutes pass", later(world, TICK)
        if not world.deliveries:
            a_day_later = replace(later(world, DAY), owner=None, in_window=False)
            yield "a day passes", replace(a_day_later, has_stepped_in=False)
        session = world.session
        if session is not None and _waits_or_waited(session) and not world.opens_in:
            yield "the agents go home", replace(world, opens_in=2, session=by_hours(session, 2))


def _waits_or_waited(session: Session) -> bool:
    """Whether it is not made yet, because nobody was there."""
    is_unmade = session.state in (State.WAITING, State.OPENING)
    return is_unmade and session.waiting_since is not None


def _event(world: World, kind: type[Any], *, array: Array = Array.MESSAGING, **said: Any) -> World:
    key, at = next_place(world)
    event = kind(key=key, thread=ADA, array=array, at=at, received_at=NOW, **said)
    return replace(world, deliveries=(*world.deliveries, Delivery(event=event)))


def _taken(world: World) -> World:
    """Somebody has the thread, and nobody here knows."""
    first, second = (
        worker if worker == IDLE else replace(worker, is_outdated=True) for worker in world.workers
    )
    return replace(world, owner=AGENT, is_unnoticed=True, workers=(first, second))
