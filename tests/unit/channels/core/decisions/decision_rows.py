"""What a row of the decision table is in its tests."""

from __future__ import annotations

from dataclasses import dataclass

from channels.core.decisions import (
    Decision,
)
from channels.core.events import Event
from channels.core.meta.ownership import Owner, Routing
from channels.core.sessions.session import Session
from tests.unit.channels.core.decisions.decision_samples import (
    ALL_ACTIVE,
    ALL_ENDING,
    ALL_OPEN,
    ALL_REGAINED,
    ALL_SESSIONS,
    ENDED,
    FAILED_IN_DOUBT,
    PASSED_AND_ENDING,
)

UNASKED = (None,)

SESSIONS: dict[str, tuple[Session | None, ...]] = {
    "none": (None,),
    "open": ALL_OPEN,
    "active": ALL_ACTIVE,
    "ending": ALL_ENDING,
    "passed": (*ALL_ACTIVE, *PASSED_AND_ENDING),
    "failed": (FAILED_IN_DOUBT,),
    "regained": ALL_REGAINED,
    "any": ALL_SESSIONS,
    "ended": (ENDED,),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table, word for word, and what it means; `owners` are `thread_owner`'s."""

    event: str
    session: str
    do: str
    decision: Decision
    events: tuple[Event, ...]
    routings: tuple[Routing, ...] = (Routing.ON, Routing.OFF)
    owners: tuple[Owner | None, ...] = UNASKED
    by_echo: bool = False
