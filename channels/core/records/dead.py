"""What was set aside for good: an event that could not be handled, a message that Meta refuses.

It is kept, can be looked at, and can be retried. Pure.
"""

from __future__ import annotations

import enum
import re
from datetime import datetime

import msgspec

from ..errors import GraphError
from ..events import Thread

_ID = re.compile(r"(event|message)-([0-9]{1,18})", re.ASCII)


class Part(enum.Enum):
    """Where it is kept: with what came in, or with what was to go out."""

    EVENT = "event"
    MESSAGE = "message"


class DeadId(msgspec.Struct, frozen=True, kw_only=True):
    """Its id: the part, and its position there."""

    part: Part
    position: int

    def __str__(self) -> str:
        return f"{self.part.value}-{self.position}"


class Dead(msgspec.Struct, frozen=True, kw_only=True):
    """An event or a message that was set aside, without anything that anybody wrote.

    `kind` is the event's, or "message"; `error` is the class of the last error.
    """

    id: DeadId
    thread: Thread
    kind: str
    since: datetime
    died_at: datetime
    error: str


def dead_id(text: str) -> DeadId | None:
    """The id that a text names, such as "event-12"; None if it names none."""
    match = _ID.fullmatch(text)
    return match and DeadId(part=Part(match[1]), position=int(match[2]))


def error_class(error: Exception) -> str:
    """An error's class, with Meta's numbers; never its text, which may quote somebody."""
    name = type(error).__name__
    if isinstance(error, GraphError) and error.code is not None:
        return f"{name} {error.code}/{error.subcode or '-'}"
    return name
