"""Which open sessions somebody is looking for, and in what order. Pure."""

from __future__ import annotations

import enum

import msgspec

from ..events import Thread
from .session import Session

MOST_SEARCHED = 10_000  # open sessions; the oldest are searched


class Need(enum.IntEnum):
    """What the user of an open session is waiting for, the most urgent first."""

    ANSWER = 0
    OPENING_HOURS = 1
    NOTHING = 2  # an operator has answered
    END = 3


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search for open sessions that meet every condition; an empty field sets none.

    `words` must be part of the user's id or of the plan's name, in lower case; or else the session
    must belong to one of the `threads`, or be with one of the `apps`. `by_need`, the sessions come
    in order of their Need, with the oldest of each first; otherwise the oldest of all comes first.
    """

    words: str = ""
    threads: tuple[Thread, ...] = ()
    apps: tuple[str, ...] = ()
    plan: str = ""
    page: str = ""
    is_unanswered: bool = False
    by_need: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what was found, how many were found in all, and what can be searched for.

    `unanswered` counts the open sessions whose users are waiting; `plans` and `pages` are those
    that have open sessions. If `total` exceeds MOST_SEARCHED, only the oldest are searched.
    """

    sessions: list[Session]
    found: int
    total: int
    unanswered: int
    plans: list[str]
    pages: list[str]
