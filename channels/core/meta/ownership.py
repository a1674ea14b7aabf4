"""Who has a thread, as far as Meta says, and whether having it matters."""

from __future__ import annotations

import enum


class Routing(enum.Enum):
    """Whether Conversation Routing is on: with it off, every app hears everything."""

    ON = "on"
    OFF = "off"


class Owner(enum.Enum):
    """What `thread_owner` answered; it is hidden from a secondary receiver of the older roles."""

    OURS = "ours"
    ANOTHER_APP = "another app"
    UNNAMED = "another, unnamed"
    HIDDEN = "another, or ours, hidden"
    IDLE = "idle"
    UNKNOWN = "unknown"


TOLD_ANOTHER = frozenset({Owner.ANOTHER_APP, Owner.UNNAMED})
ANOTHER = TOLD_ANOTHER | {Owner.HIDDEN}
OURS_OR_NOBODYS = frozenset({Owner.OURS, Owner.IDLE})
