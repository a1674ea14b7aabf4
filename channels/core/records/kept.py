"""What the store tells of all that it keeps: how a thread stands, how much waits, how long users
do, and what there is of a person. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from ..briefing.transcript import Line
from ..events import Event
from ..sessions.session import Session
from .outgoing import Outgoing


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """How a thread stands: its open session, the one that ended last if that was not long ago, and
    whether a message is held until its user has written.
    """

    session: Session | None = None
    ended: Session | None = None
    is_held: bool = False


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits: how many, since when the oldest; how many are dead, or held for their user."""

    waiting: int
    oldest_at: datetime | None
    dead: int
    held: int = 0


class PersonalData(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a person: what came in, handovers, transcripts, and what the bot said."""

    events: list[Event]
    sessions: list[Session]
    lines: list[Line]
    messages: list[Outgoing]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and where it holds: on these pages, or on all but those. `apps` get its threads."""

    plan: str
    apps: tuple[str, ...]
    pages: tuple[str, ...] = ()
    without_pages: tuple[str, ...] = ()


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How long users of a plan wait.

    `waiting` sessions have no answer yet, of which `for_hours` wait for the plan's hours.
    `first_answers` are the waits of the last ones that were answered within seven days, the newest
    first; `operator_at` is when somebody of the plan's apps last wrote, within a day.
    """

    waiting: int
    for_hours: int
    first_answers: list[timedelta]
    operator_at: datetime | None
