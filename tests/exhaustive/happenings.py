"""What happens outside: the user, other apps, the page's admin, time, and what breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model import (
    ADA,
    AGENT,
    DAY,
    IDLE,
    INBOX,
    RECEIVED_AFTER,
    TICK,
    US,
    Delivery,
    Worker,
    World,
    next_key,
    next_moment,
    older,
)
from msgspec.structs import replace

from channels.events import (
    Array,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Postback,
    UserMessage,
)
from channels.routing import Routing

Happening = tuple[str, World]
OTHERS = (AGENT,)


def happenings(world: World, *, most_deliveries: int) -> Iterator[Happening]:
    """Every next world that the outside can bring about."""
    if len(world.deliveries) < most_deliveries:
        yield from _user(world)
        yield from _apps(world)
    yield from _silent(world)
    yield from _admin(world)
    yield from _time(world)
    yield from _crashes(world)


def _sent(world: World, kind: type[Any], array: Array = Array.MESSAGING, **fields: Any) -> World:
    event = kind(
        key=next_key(world),
        thread=ADA,
        array=array,
        at=next_moment(world),
        received_at=RECEIVED_AFTER,
        **fields,
    )
    return replace(world, deliveries=(*world.deliveries, Delivery(event=event)))


def _user(world: World) -> Iterator[Happening]:
    world = replace(world, in_window=True)
    if world.owner is None and world.routing is Routing.ON:
        world = replace(world, owner=US)
    if world.owner in OTHERS:
        yield "the user writes, on standby", _sent(world, UserMessage, Array.STANDBY, text="hello")
        yield "the user writes menu", _sent(world, UserMessage, Array.STANDBY, text="menu")
    if world.owner not in OTHERS or world.routing is Routing.OFF:
        yield "the user writes", _sent(world, UserMessage, text="hello")
        yield "the user wants a person", _sent(world, UserMessage, text="person")
    yield "the user taps back", _sent(world, Postback, payload="/back")


def _apps(world: World) -> Iterator[Happening]:
    if world.owner == AGENT:
        if world.in_window:
            yield "the agent writes", _sent(world, Echo, Array.STANDBY, app_id=AGENT)
        passed = _sent(world, ControlPassed, new_owner=US, previous_owner=AGENT)
        yield "the agent passes to us", _owned(passed, US)
        yield "the agent passes to the inbox", _sent(world, ControlPassed, new_owner=INBOX)
        return
    if world.owner == US:
        taken = _sent(world, ControlTaken, new_owner=AGENT, previous_owner=US)
        yield "the agent takes", _owned(taken, AGENT)
    if world.in_window:
        yield "the inbox writes", _owned(_sent(world, Echo, Array.STANDBY, app_id=INBOX), AGENT)
    if world.owner == US and world.routing is Routing.OFF:
        yield "the agent asks for it", _sent(world, ControlRequested, requested_owner=AGENT)


def _silent(world: World) -> Iterator[Happening]:
    if world.owner in OTHERS:
        yield "the owner releases", _owned(world, None)


def _owned(world: World, owner: str | None) -> World:
    """Another owner; where the thread was ours or nobody's, nobody here knows of it yet."""
    is_takeover = owner in OTHERS and world.owner not in OTHERS
    return outdated(replace(world, owner=owner)) if is_takeover else replace(world, owner=owner)


def outdated(world: World) -> World:
    first, second = (
        worker if worker == IDLE else replace(worker, is_outdated=True) for worker in world.workers
    )
    return replace(world, is_unnoticed=True, workers=(first, second))


def _admin(world: World) -> Iterator[Happening]:
    other = Routing.OFF if world.routing is Routing.ON else Routing.ON
    yield f"routing is {other.value}", replace(world, routing=other)
    if world.believed_routing is not world.routing:
        yield "the workers see it", replace(world, believed_routing=world.routing)


def _time(world: World) -> Iterator[Happening]:
    if world.workers != (IDLE, IDLE):
        return
    yield "ten minutes pass", later(world, TICK)
    if not world.deliveries:
        yield "a day passes", a_day_later(world)


def later(world: World, age: Any) -> World:
    def aged(worker: Worker) -> Worker:
        if worker.session is None:
            return worker
        return replace(worker, session=older(worker.session, age))

    return replace(
        world,
        session=world.session and older(world.session, age),
        is_claimed=False,
        deliveries=tuple(replace(delivery, is_held=False) for delivery in world.deliveries),
        workers=tuple(map(aged, world.workers)),
    )


def a_day_later(world: World) -> World:
    def aged(delivery: Delivery) -> Delivery:
        event = delivery.event
        return replace(delivery, event=replace(event, at=event.at - DAY))

    world = later(world, DAY)
    workers = tuple(
        worker if worker.delivery is None else replace(worker, delivery=aged(worker.delivery))
        for worker in world.workers
    )
    return replace(
        world,
        owner=None,
        in_window=False,
        deliveries=tuple(map(aged, world.deliveries)),
        workers=workers,
    )


def _crashes(world: World) -> Iterator[Happening]:
    for which, worker in enumerate(world.workers):
        if worker != IDLE:
            yield f"worker {which} crashes", world.with_worker(which, IDLE)
