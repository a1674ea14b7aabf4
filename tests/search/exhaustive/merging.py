"""Which worlds are the same: what can make no difference any more is left out of them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from channels.core.sessions.session import MESSAGING_WINDOW, Session, session_id_for
from tests.search.exhaustive.model import (
    AGENT,
    DAY,
    HOURS,
    IDLE,
    NOW,
    PLAN,
    TICK,
    Delivery,
    Worker,
    World,
)

OLDEST = 3  # ticks, by when every deadline is over
STORED, KNOWN = 2, 1  # a session's versions: as it is stored, and as it was known before that

# Of events only the order counts, so they are named by it. A session's cause is one of them, or
# comes before or between them. They are ahead of our clock, so that no age makes one doubtful.
MOST_EVENTS = 4
KEYS = tuple(str(place) for place in range(MOST_EVENTS))
IDS = tuple(session_id_for(key) for key in KEYS)
MOMENTS = tuple(NOW + TICK + timedelta(seconds=place) for place in range(MOST_EVENTS))
LATER_THAN_ALL = NOW + TICK * 2
BETWEEN = timedelta(milliseconds=1)
LONG_AGO = NOW - DAY
GONE = "gone"

# By how many events there are: the ids and the causes that sessions may have.
KNOWN_IDS = [frozenset({GONE, *IDS[:count]}) for count in range(MOST_EVENTS + 1)]
KNOWN_CAUSES = [
    frozenset({LONG_AGO, *MOMENTS[:count], *(moment + BETWEEN for moment in MOMENTS[:count])})
    for count in range(MOST_EVENTS + 1)
]

_encode = msgspec.msgpack.Encoder().encode


def merged(world: World) -> World:
    """The one world that stands for all that are the same as this one."""
    world = world if _is_numbered(world) else _numbered(world)
    if world.session is None and world.known_routing is not world.routing:
        world = replace(world, known_routing=world.routing)
    first, second = world.workers
    if world.owner != AGENT and (world.is_unnoticed or first.is_outdated or second.is_outdated):
        first, second = (replace(worker, is_outdated=False) for worker in world.workers)
        world = replace(world, is_unnoticed=False, workers=(first, second))
    if first != IDLE and (second == IDLE or _encode(second) < _encode(first)):
        world = replace(world, workers=(second, first))
    return world


def key_of(world: World) -> bytes:
    """What only the same world has; short, because millions are kept."""
    return blake2b(_encode(world), digest_size=16).digest()


def next_place(world: World) -> tuple[str, datetime]:
    """The key and the time of an event that happens now, after all others."""
    place = len(world.deliveries)
    return KEYS[place], MOMENTS[place]


def rounded(session: Session, version: int = STORED) -> Session:
    """The session with no more in it than can make a difference."""
    return replace(
        session,
        version=version,
        opened_at=_ago(session.opened_at),
        active_at=session.active_at and _ago(session.active_at),
        last_heard_at=session.last_heard_at and _ago(session.last_heard_at),
        last_user_at=NOW if session.last_user_at > NOW - MESSAGING_WINDOW else NOW - DAY,
        ended_at=session.ended_at and NOW,
        asked_at=session.asked_at and NOW,
        waiting_since=session.waiting_since and _waited_since(session),
        probe_at=session.probe_at and _ahead(session.probe_at),
        due_at=session.due_at and _ahead(session.due_at),
        plan=PLAN,
        owner_app=AGENT,
        is_adopted=False,
        has_bot_failed=False,
        attempts=0,
        user_messages=0,
        operator_messages=min(session.operator_messages, 1),
    )


def later(world: World, age: timedelta) -> World:
    """The world after that time: claims are over, and the open session is older."""
    opens_in = max(world.opens_in - age // TICK, 0)
    older = world.session and _older(world.session, age)
    return replace(
        world,
        session=older and by_hours(older, opens_in),
        opens_in=opens_in,
        is_claimed=False,
        deliveries=tuple(replace(delivery, is_held=False) for delivery in world.deliveries),
    )


def by_hours(session: Session, opens_in: int) -> Session:
    """A session whose plan has these hours, if they still make a difference."""
    if session.waiting_since is None or session.active_at or session.ended_at:
        return session
    return replace(session, plan=replace(PLAN, hours=HOURS[opens_in]))


def _waited_since(session: Session) -> datetime:
    return _ago(session.waiting_since or NOW) if session.is_waiting else NOW


def _older(session: Session, age: timedelta) -> Session:
    aged = replace(
        session,
        opened_at=session.opened_at - age,
        active_at=session.active_at and session.active_at - age,
        waiting_since=session.waiting_since and session.waiting_since - age,
        last_heard_at=session.last_heard_at and session.last_heard_at - age,
        # Its last ten minutes make no difference to a window of 24 hours.
        last_user_at=session.last_user_at - age // DAY * DAY,
        probe_at=session.probe_at and session.probe_at - age,
        due_at=session.due_at and session.due_at - age,
    )
    return rounded(aged)


def _ago(date: datetime) -> datetime:
    return NOW - min((NOW - date) // TICK, OLDEST) * TICK


def _ahead(date: datetime) -> datetime:
    """What is due is due now; what is not, in the middle of a tick."""
    ticks = min(math.ceil((date - NOW) / TICK), OLDEST + 1)
    return NOW + (ticks - 0.5) * TICK if ticks > 0 else NOW


def _is_numbered(world: World) -> bool:
    count = len(world.deliveries)
    ids, causes = KNOWN_IDS[count], KNOWN_CAUSES[count]
    for place, delivery in enumerate(world.deliveries):
        if delivery.event.key != KEYS[place]:
            return False
    for session in world.sessions():
        if session.id not in ids or session.cause_at not in causes:
            return False
    return ids.issuperset(world.ended) and ids.issuperset(world.told)


def _numbered(world: World) -> World:
    """Events named by their order, and sessions by their events; what is gone is forgotten."""
    old = [delivery.event for delivery in world.deliveries]
    keys = {event.key: KEYS[place] for place, event in enumerate(old)}
    ids = {session_id_for(event.key): IDS[place] for place, event in enumerate(old)}
    gone = {session.id: None for session in world.sessions() if session.id not in ids}
    ids.update({session_id: GONE + " too" * place for place, session_id in enumerate(gone)})

    def moved(cause_at: datetime) -> datetime:
        older = [event.at for event in old if event.at <= cause_at]
        if not older:
            return LONG_AGO
        return MOMENTS[len(older) - 1] + (BETWEEN if older[-1] < cause_at else timedelta())

    def renamed(session: Session | None) -> Session | None:
        if session is None:
            return None
        return replace(session, id=ids[session.id], cause_at=moved(session.cause_at))

    def placed(place: int, delivery: Delivery) -> Delivery:
        event = replace(delivery.event, key=KEYS[place], at=MOMENTS[place])
        return replace(delivery, event=event)

    def informed(worker: Worker) -> Worker:
        key = None if worker.key is None else keys[worker.key]
        return replace(worker, key=key, session=renamed(worker.session))

    first, second = map(informed, world.workers)
    return replace(
        world,
        deliveries=tuple(placed(*one) for one in enumerate(world.deliveries)),
        session=renamed(world.session),
        ended=tuple(sorted(ids[one] for one in world.ended if one in ids)),
        told=tuple(sorted(ids[one] for one in world.told if one in ids)),
        workers=(first, second),
    )
