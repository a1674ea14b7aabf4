"""A small world: Meta's side of one thread, the store, and two workers; all of it is a value.

What can happen next does not depend on how long ago things were, only on what is over and on
the order of events. So the present moment never moves: when time passes, all else gets older by
as much, and worlds that can't be told apart any more are made equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from channels.events import Event, Thread
from channels.plans import Plan
from channels.routing import Decision, Routing
from channels.sessions import MESSAGING_WINDOW, EndReason, Session, session_id_for

US, AGENT, INBOX = "1", "2", "3"
ADA = Thread(page="111", user="222")

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
TICK = timedelta(minutes=10)  # longer than any claim, pause or probe lasts
DAY = MESSAGING_WINDOW + TICK
LATEST_EVENTS = NOW - timedelta(hours=1)  # the events of today follow it, a second apart
OLD_EVENTS = NOW - DAY
RECEIVED_BEFORE = NOW - timedelta(days=365)  # any pass
RECEIVED_AFTER = NOW + timedelta(days=365)

PLAN = Plan(
    name="default",
    target_app=AGENT,
    unanswered_timeout=TICK * 0.8,
    idle_timeout=TICK * 1.8,
    timeout=TICK * 2.8,
    owner_probe=TICK * 0.6,
    return_payloads=("/back",),
)
OLDEST = 3  # ticks: every deadline is over by then
CURRENT, OUTDATED = 2, 1  # the versions of a session: as it is stored, and as it was


class Step(Enum):
    """What a worker does next: each step is one call to the store, to Meta or to Rasa."""

    IDLE = "idle"
    READ = "read"
    ASK = "ask"
    ADOPT = "adopt"
    GRANT = "grant"
    ADOPT_GRANTED = "adopt granted"
    RETARGET = "retarget"
    HEAR = "hear"
    END = "end"
    REGAIN = "regain"
    TURN = "turn"
    OPEN = "open"
    PASS = "pass"
    ACTIVATE = "activate"
    FAIL = "fail"
    FAIL_IN_DOUBT = "fail in doubt"
    SETTLE = "settle"
    ANNOUNCE = "announce"
    ANNOUNCED = "announced"
    PROBE = "probe"
    PROBED = "probed"
    TAKE = "take"
    REQUEST = "request"
    CHECK = "check"
    ASKED = "asked"
    LEAVE = "leave"
    POSTPONE = "postpone"
    TELL = "tell"
    HOLD = "hold"
    ENDED = "ended"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is on its way, or in the inbox, or in hand.

    `is_held`: some worker has claimed it. `may_be_early`: it may have been received before
    the bot's last pass.
    """

    event: Event
    is_held: bool = False
    may_be_early: bool = False


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker in the middle of its work; `session` is as it last saw it.

    `is_outdated`: somebody has taken the thread since it looked.
    """

    step: Step = Step.IDLE
    delivery: Delivery | None = None
    decision: Decision | None = None
    session: Session | None = None
    reason: EndReason | None = None
    is_outdated: bool = False
    in_turn: bool = False


IDLE = Worker()


class World(msgspec.Struct, frozen=True, kw_only=True):
    """All there is. `is_unnoticed`: somebody has taken the thread, and nothing stored knows."""

    owner: str | None = None
    routing: Routing = Routing.ON
    believed_routing: Routing = Routing.ON
    may_take: bool = True
    in_window: bool = True
    deliveries: tuple[Delivery, ...] = ()
    session: Session | None = None
    is_claimed: bool = False
    ended: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    is_unnoticed: bool = False
    workers: tuple[Worker, Worker] = (IDLE, IDLE)

    def with_worker(self, which: int, worker: Worker, **changes: Any) -> World:
        first, second = self.workers
        workers = (worker, second) if which == 0 else (first, worker)
        return replace(self, workers=workers, **changes)

    def sessions(self) -> Iterator[Session]:
        for session in (self.session, *(worker.session for worker in self.workers)):
            if session is not None:
                yield session

    def all_deliveries(self) -> Iterator[Delivery]:
        yield from self.deliveries
        for worker in self.workers:
            if worker.delivery is not None:
                yield worker.delivery


def rounded(session: Session) -> Session:
    """The session with no more in it than what can make a difference."""
    return replace(
        session,
        version=CURRENT,
        opened_at=_ago(session.opened_at),
        active_at=session.active_at and _ago(session.active_at),
        last_heard_at=session.last_heard_at and _ago(session.last_heard_at),
        last_user_at=NOW if session.last_user_at > NOW - MESSAGING_WINDOW else OLD_EVENTS,
        ended_at=session.ended_at and NOW,
        asked_at=session.asked_at and NOW,
        probe_at=session.probe_at and _ahead(session.probe_at),
        due_at=session.due_at and _ahead(session.due_at),
        owner_app=AGENT,
        attempts=0,
        user_messages=0,
        operator_messages=min(session.operator_messages, 1),
    )


def older(session: Session, age: timedelta) -> Session:
    version = session.version
    aged = replace(
        session,
        opened_at=session.opened_at - age,
        active_at=session.active_at and session.active_at - age,
        last_heard_at=session.last_heard_at and session.last_heard_at - age,
        last_user_at=session.last_user_at - age
        if age >= MESSAGING_WINDOW
        else session.last_user_at,
        cause_at=session.cause_at - age if age >= MESSAGING_WINDOW else session.cause_at,
        probe_at=session.probe_at and session.probe_at - age,
        due_at=session.due_at and session.due_at - age,
    )
    return replace(rounded(aged), version=version)


def _ago(date: datetime) -> datetime:
    return NOW - min((NOW - date) // TICK, OLDEST) * TICK


def _ahead(date: datetime) -> datetime:
    """What is due is due now; what is not, somewhere within a tick."""
    ticks = min(math.ceil((date - NOW) / TICK), OLDEST + 1)
    return NOW + (ticks - 0.5) * TICK if ticks > 0 else NOW


def next_moment(world: World) -> datetime:
    """When an event happens that happens now."""
    return LATEST_EVENTS + timedelta(seconds=len(_moments(world)))


def next_key(world: World) -> str:
    keys = {delivery.event.key for delivery in world.all_deliveries()}
    return f"new {len(keys)}"


def merged(world: World) -> World:
    """The one world that stands for all that can't be told apart from this one."""
    moments = _moments(world)
    dates = {moment: _renumbered(moment, place) for place, moment in enumerate(moments)}
    by_age = sorted(
        {delivery.event.at: delivery.event.key for delivery in world.all_deliveries()}.items()
    )
    keys = {key: str(place) for place, (_, key) in enumerate(by_age)}
    ids = {session_id(key): session_id(new) for key, new in keys.items()}
    for session in world.sessions():
        ids.setdefault(session.id, f"gone {len(ids)}")

    def session_of(session: Session | None) -> Session | None:
        if session is None:
            return None
        cause_at = dates[session.cause_at]
        if session.id == ids[session.id] and session.cause_at == cause_at:
            return session
        return replace(session, id=ids[session.id], cause_at=cause_at)

    def delivery_of(delivery: Delivery | None) -> Delivery | None:
        if delivery is None:
            return None
        event = delivery.event
        key, at = keys[event.key], dates[event.at]
        if event.key == key and event.at == at:
            return delivery
        return replace(delivery, event=replace(event, key=key, at=at))

    def worker_of(worker: Worker) -> Worker:
        if worker.delivery is None and worker.session is None:
            return worker
        return replace(
            worker, delivery=delivery_of(worker.delivery), session=session_of(worker.session)
        )

    if world.session is None:
        world = replace(world, believed_routing=world.routing)
    if world.owner != AGENT:
        world = replace(
            world,
            is_unnoticed=False,
            workers=tuple(replace(w, is_outdated=False) for w in world.workers),
        )
    deliveries = [delivery_of(delivery) for delivery in world.deliveries]
    return replace(
        world,
        deliveries=tuple(sorted(deliveries, key=lambda delivery: delivery.event.at)),
        session=session_of(world.session),
        ended=tuple(sorted(ids[one] for one in world.ended if one in ids)),
        told=tuple(sorted(ids[one] for one in world.told if one in ids)),
        workers=tuple(sorted(map(worker_of, world.workers), key=msgspec.msgpack.encode)),
    )


@lru_cache(maxsize=64)
def session_id(event_key: str) -> str:
    return session_id_for(event_key)


def _moments(world: World) -> list[datetime]:
    causes = {session.cause_at for session in world.sessions()}
    return sorted(causes | {delivery.event.at for delivery in world.all_deliveries()})


def _renumbered(moment: datetime, place: int) -> datetime:
    start = LATEST_EVENTS if moment > NOW - MESSAGING_WINDOW else OLD_EVENTS
    return start + timedelta(seconds=place)
