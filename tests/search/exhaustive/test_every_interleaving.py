"""Two workers, one thread and the events of the decision table, in every order.

The pure core that decides and changes sessions is the real one; a worker's steps follow `handling`,
`handover`, `opening` and `ending`, with one exception: here a repeated turn leaves its opening to
whoever settles what is due, and the engine settles the opening of its own turn at once. What must
hold is where `Violation` is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from channels.core import decisions
from channels.core.decisions import Decision
from channels.core.events import Array, Event
from channels.core.meta.ownership import Owner
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Session
from tests.search.exhaustive.happenings import CRY_FOR_HELP, happenings
from tests.search.exhaustive.merging import LONG_AGO, merged
from tests.search.exhaustive.model import LATEST_OPENING, Violation, World
from tests.search.exhaustive.moves import moves
from tests.search.exhaustive.search import Search
from tests.support.profile import IS_DEEP

DEPTH, ENOUGH_STATES = (8, 500_000) if IS_DEEP else (6, 90_000)
MOST_DELIVERIES = 2  # at a time, one for each worker
ENOUGH_TO_GO_WRONG = 5  # steps

CRIES_FOR_HELP = f"the user writes: {CRY_FOR_HELP}"
CLOSED = World(opens_in=LATEST_OPENING)
STORIES = {
    "nothing has happened": [],
    "the bot has handed over": [CRIES_FOR_HELP],
    "a follow-up waits for the user": [CRIES_FOR_HELP, "a day passes"],
    "the bot has handed over, routing off": ["routing is switched off", CRIES_FOR_HELP],
    "the bot has asked for the thread": [
        "routing is switched off",
        CRIES_FOR_HELP,
        "ten minutes pass",
    ],
}


OUT_OF_HOURS = {
    "nobody is there": [],
    "a handover waits": [CRIES_FOR_HELP],
}


def after(story: list[str], at_first: World | None = None) -> World:
    """The world once that has happened, with all work done after each thing."""
    world = merged(at_first or World())
    for what in story:
        world = at_rest(merged(dict(happenings(world, most_deliveries=1))[what]))
    return world


def at_rest(world: World) -> World:
    """The world once the workers have nothing to do but wait, or go round in circles."""
    known: list[World] = []
    while world not in known and (move := next(moves(world), None)) is not None:
        known.append(world)
        world = merged(move[1])
    return world


def in_hours() -> list[World]:
    return [after(story) for story in STORIES.values()]


def out_of_hours() -> list[World]:
    return [after(story, CLOSED) for story in OUT_OF_HOURS.values()]


def search(starts: list[World], depth: int) -> Search:
    searching = Search(most_deliveries=MOST_DELIVERIES)
    searching.explore(starts, depth=depth)
    return searching


@pytest.mark.timeout(900)  # `make deep` takes some minutes, unless the machine is busy
def test_whatever_happens_in_whatever_order(tell: Callable[[str], None]) -> None:
    searched = search([*in_hours(), *out_of_hours()], DEPTH)
    tell(
        f"{searched.explored:,} states explored to depth {DEPTH}, "
        f"{searched.led_on:,} more on the way to their ends"
    )
    assert searched.explored > ENOUGH_STATES  # a model of little would prove little


# That the search finds what is wrong is shown by a core that is wrong.

_decide, _ending, _left = decisions.decide, transitions.ending, transitions.left_with_agent
_waiting_on, _waiting_again = transitions.waiting_on, transitions.waiting_again


def _believing_all_that_comes_to_us(
    event: Event, session: Session | None, *, owner: Owner | None = None, **known: Any
) -> Decision:
    believed = Owner.OURS if event.array is Array.MESSAGING else owner
    return _decide(event, session, owner=believed, **known)


def _whatever_the_cause(event: Event, session: Session | None, **known: Any) -> Decision:
    causeless = session and replace(session, cause_at=LONG_AGO)
    return _decide(event, causeless, **known)


def _without_taking_back(*ended: Any, **by: Any) -> Session:
    return replace(_ending(*ended, **by), regained=True)


def _without_probing(session: Session) -> Session:
    return replace(_left(session), probe_at=None, due_at=None)


def _always(*_: object) -> bool:
    return True


def _without_a_date(session: Session, now: datetime) -> Session:
    return replace(_waiting_on(session, now), due_at=None)


def _for_good(session: Session, now: datetime) -> Session:
    return replace(_waiting_again(session, now), due_at=None)


def _while_open(session: Session) -> bool:
    return not session.regained


@pytest.mark.parametrize(
    ("starts", "module", "name", "mistake", "violation"),
    [
        (in_hours, decisions, "decide", _believing_all_that_comes_to_us, "the bot speaks although"),
        (in_hours, decisions, "decide", _whatever_the_cause, "a stale event ends a session"),
        (in_hours, transitions, "ending", _without_taking_back, "the bot speaks although another"),
        (in_hours, transitions, "left_with_agent", _without_probing, "a session stays active"),
        (out_of_hours, Plan, "is_open", _always, "a handover is made while nobody is there"),
        (out_of_hours, transitions, "waiting_on", _without_a_date, "a session stays waiting"),
        (out_of_hours, transitions, "waiting_again", _for_good, "a session stays waiting"),
        (
            out_of_hours,
            Session,
            "silences_the_bot",
            property(_while_open),
            "the bot is silent while the user waits",
        ),
    ],
)
def test_a_mistake_in_the_core_is_found(
    monkeypatch: pytest.MonkeyPatch,
    starts: Callable[[], list[World]],
    module: Any,
    name: str,
    mistake: object,
    violation: str,
) -> None:
    monkeypatch.setattr(module, name, mistake)
    with pytest.raises(Violation, match=violation):
        search(starts(), ENOUGH_TO_GO_WRONG)
