"""Which open sessions somebody looks for, and in what order. Pure."""

from __future__ import annotations

import enum

import msgspec

from ..events import Thread
from .session import Session

MOST_SEARCHED = 10_000  # of the open sessions, the oldest


class Need(enum.IntEnum):
    """What the user of an open session waits for, in the order in which it is looked at."""

    ANSWER = 0
    OPENING_HOURS = 1
    NOTHING = 2  # an operator has answered
    END = 3


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Open sessions for which all that is asked holds; what is empty is not asked.

    `words` are part of the user's id or of the plan's name, in small letters; or the session is of
    one of the `threads`, or one of the `apps` has it. They come by their Need, and the oldest first
    of each; the oldest first of all where this is not `by_need`.
    """

    words: str = ""
    threads: tuple[Thread, ...] = ()
    apps: tuple[str, ...] = ()
    plan: str = ""
    page: str = ""
    is_unanswered: bool = False
    by_need: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what was found, how many were found in all, and what there is to look for.

    `unanswered` counts those of all open sessions whose users wait; `plans` and `pages` are those
    that have open sessions. Where `total` is more than MOST_SEARCHED, only the oldest are searched.
    """

    sessions: list[Session]
    found: int
    total: int
    unanswered: int
    plans: list[str]
    pages: list[str]
