"""A world small enough to search: one thread, Meta's side of it, the store and two workers.

A world is a value. The sessions, events and decisions in it are the real ones; what Meta, the
store and Rasa do is modelled. The present moment never moves: when time passes, all else gets
older instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any

import msgspec
from msgspec.structs import replace

from channels.core.decisions import Decision
from channels.core.events import Event, Thread
from channels.core.hours import Hours, Span, WhenClosed
from channels.core.meta.ownership import Routing
from channels.core.plans import Plan
from channels.core.sessions.session import MESSAGING_WINDOW, EndReason, Session

US, AGENT, INBOX = "1", "2", "3"
ADA = Thread(page="111", user="222")

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
TICK = timedelta(minutes=10)  # longer than a claim, a pause or the wait for a probe lasts
DAY = MESSAGING_WINDOW + TICK

PLAN = Plan(
    name="default",
    target_app=AGENT,
    unanswered_timeout=TICK * 0.8,
    idle_timeout=TICK * 1.8,
    timeout=TICK * 2.8,
    owner_probe=TICK * 0.6,
    return_payloads=("/back",),
    when_closed=WhenClosed.WAIT,
    wait_at_most=TICK * 1.8,
)
REFUSING = replace(PLAN, name="refusing", when_closed=WhenClosed.REFUSE)
LATEST_OPENING = 3  # ticks from now


def _opening_in(ticks: int) -> Hours | None:
    """Hours that begin in the middle of the tick that is so many from now; 0: it is open."""
    if not ticks:
        return None
    opens = 60 * NOW.hour + NOW.minute + int((ticks - 0.5) * TICK / timedelta(minutes=1))
    return Hours(week=((Span(opens, 24 * 60),),) * 7, timezone="UTC")


HOURS = tuple(_opening_in(ticks) for ticks in range(LATEST_OPENING + 1))


class Step(Enum):
    """What a worker does next; each step is one call to the store, to Meta or to Rasa."""

    IDLE = "has nothing to do"
    READ = "reads the thread's session"
    ASK = "asks who has the thread"
    ADOPT = "opens a session for a thread that was taken"
    GRANT = "opens a session for an app that asked"
    RETARGET = "stores who has the thread"
    HEAR = "stores that somebody was heard"
    END = "stores that the session ends"
    REGAIN = "stores that the thread is ours again"
    OVERTAKEN = "tells Rasa of the end in silence"
    TURN = "lets Rasa answer"
    PASS = "passes the thread"
    ACTIVATE = "stores that the thread has been passed"
    FAIL = "stores that the handover failed"
    FAIL_IN_DOUBT = "stores that the handover may have failed"
    SETTLE = "asks whether the thread has been passed"
    ANNOUNCE = "tells Rasa of the start"
    PROBE = "asks whether somebody still has the thread"
    PROBED = "stores that somebody still has the thread"
    TAKE = "takes the thread"
    REQUEST = "asks for the thread"
    ASKED = "stores that it has asked"
    LEAVE = "stores that the thread stays with the agent"
    POSTPONE = "stores that it tries again later"
    TELL = "tells Rasa of the end"
    ENDED = "stores that the session has ended"
    FOLLOW = "opens a session, for its follow-up was refused"
    LOOK = "looks whether somebody is there"
    WAIT_AGAIN = "stores that a handover has to wait on"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has not been handled yet, wherever it is.

    `is_held`: a worker has claimed it, which may be dead by now. `may_be_early`: it may have been
    received before the thread was passed.
    """

    event: Event
    is_held: bool = False
    may_be_early: bool = False


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker in the middle of its work.

    It has the event of that `key` in hand, and the session and the rest of the decision as it
    last knew them; `reason` is why it ends a session where no event does. `in_turn`: it holds
    Rasa's lock. `was_refused`: its follow-up was. `is_outdated`: somebody has taken the thread
    since it began. `reads_again`: a session follows the one that its event has ended.
    """

    step: Step = Step.IDLE
    key: str | None = None
    session: Session | None = None
    decision: Decision | None = None
    reason: EndReason | None = None
    in_turn: bool = False
    was_refused: bool = False
    is_outdated: bool = False
    reads_again: bool = False


IDLE = Worker()


class World(msgspec.Struct, frozen=True, kw_only=True):
    """All there is.

    `owner` is us, nobody, or AGENT for whoever else has the thread. `known_routing` is what the
    workers take for the page's. `session` is the open one, `is_claimed` its claim. `ended` has
    the sessions that the store has ended, `told` those whose end is in Rasa's tracker.
    `is_unnoticed`: somebody has taken the thread, and the store does not know. `opens_in` is how
    many ticks it takes until the agents are there, 0 if they are. `has_stepped_in`: a handover was
    made because the bot has failed, and that was not long ago.
    """

    owner: str | None = None
    routing: Routing = Routing.ON
    known_routing: Routing = Routing.ON
    in_window: bool = True
    deliveries: tuple[Delivery, ...] = ()
    session: Session | None = None
    is_claimed: bool = False
    ended: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    is_unnoticed: bool = False
    opens_in: int = 0
    has_stepped_in: bool = False
    workers: tuple[Worker, Worker] = (IDLE, IDLE)

    @property
    def user_at(self) -> datetime:
        """When the user last wrote."""
        return NOW if self.in_window else NOW - DAY

    def with_worker(self, which: int, worker: Worker, **changes: Any) -> World:
        first, second = self.workers
        workers = (worker, second) if which == 0 else (first, worker)
        return replace(self, workers=workers, **changes)

    def going(self, which: int, step: Step, **changes: Any) -> World:
        """The worker goes on with that step."""
        return self.with_worker(which, replace(self.workers[which], step=step, **changes))

    def event_of(self, which: int) -> Event:
        """The event that the worker has in hand."""
        key = self.workers[which].key
        return next(one.event for one in self.deliveries if one.event.key == key)

    def session_of(self, which: int) -> Session:
        """The session as the worker last knew it."""
        session = self.workers[which].session
        assert session is not None
        return session

    def decision_of(self, which: int) -> Decision:
        """What the worker has still to do of its decision."""
        decision = self.workers[which].decision
        assert decision is not None
        return decision

    def sessions(self) -> Iterator[Session]:
        """The open session, and sessions as workers last knew them."""
        if self.session is not None:
            yield self.session
        for worker in self.workers:
            if worker.session is not None:
                yield worker.session


class Violation(AssertionError):
    """What must never happen has happened."""
