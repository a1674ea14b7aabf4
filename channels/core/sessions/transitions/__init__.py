"""The session state machine. Pure.

Each function takes a session and the present time, and returns the session's next version.
Two that start from the same version can't both be stored, because the store compares versions: if
they race, one wins.
"""

from .beginnings import (
    activated,
    adopted,
    failed,
    following,
    next_in_row,
    on_failure,
    opening,
    unknown,
)
from .endings import (
    ASK_DEADLINE,
    asked,
    ended,
    ending,
    left_with_agent,
    next_asked_for,
    postponed,
    rated,
    regained,
)
from .versions import begun, given_up
from .waiting import by_hours, opened, replaced, taken, waiting_again, waiting_on
from .watching import MOST_HEARD, announced, heard, owned_by, probed, reminded_of, telling, untold

__all__ = [
    "ASK_DEADLINE",
    "MOST_HEARD",
    "activated",
    "adopted",
    "announced",
    "asked",
    "begun",
    "by_hours",
    "ended",
    "ending",
    "failed",
    "following",
    "given_up",
    "heard",
    "left_with_agent",
    "next_asked_for",
    "next_in_row",
    "on_failure",
    "opened",
    "opening",
    "owned_by",
    "postponed",
    "probed",
    "rated",
    "regained",
    "reminded_of",
    "replaced",
    "taken",
    "telling",
    "unknown",
    "untold",
    "waiting_again",
    "waiting_on",
]
