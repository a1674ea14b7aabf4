"""What the bot says, on its way to Meta. Pure.

Rasa takes each turn once; what it says is stored before any of it is sent, and sent in order,
thread by thread, however long that takes.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ..errors import (
    TRY_LATER,
    GraphError,
    GraphUnavailable,
    NoSuchUser,
    NotThreadOwner,
    UserUnreachable,
    WindowClosed,
)
from ..events import Echo, Thread
from ..sessions.session import Cause

PERSONA = "persona_id"  # kept in a message, and sent beside it in the request
MOST_LOST_ANSWERS = 3  # sends of one message whose answers never came

_UNSEEN = {"Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs"}  # controls, joiners, marks, white space
_NO_CHARACTER = "\ufffd"  # stands for NUL and for half an emoji


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A Send API `message` object, with its PERSONA if it has one, and what it belongs to.

    `turn` is the `message_id` of the turn that says it, and `place` its place there; `response` is
    what the log calls it. Its `mark` is the metadata that Meta repeats in its echo. `cause` is what
    a session would be opened for, if another app turns out to have the thread. `event_key` or
    `session_id` is what the turn is taken again for if a crash cuts it short: the inbox's event, or
    the session whose end Rasa hears of.
    """

    thread: Thread
    turn: str
    place: int
    message: dict[str, Any]
    mark: str
    response: str
    cause: Cause
    said_at: datetime
    event_key: str | None = None
    session_id: str | None = None


class OutgoingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A stored message that waits to be sent.

    `position` grows with each stored message: a thread's messages are sent in that order.
    `is_doubtful`: another worker had the message before and may have sent it, which its echo will
    show. `was_lost`: that worker has died; `attempts` counts the sends of which nothing has been
    heard since.
    """

    position: int
    outgoing: Outgoing
    is_doubtful: bool = False
    was_lost: bool = False
    attempts: int = 0


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an earlier attempt at a turn has said.

    It `is_waiting` until it is sent, or set aside.

    `response` is what the log calls it.
    """

    position: int
    place: int
    message: dict[str, Any]
    response: str
    is_waiting: bool


class Standing(enum.Enum):
    """The status of a message; the values are the store's."""

    WAITING = "waiting"
    HELD = "held"
    SENT = "sent"
    DROPPED = "dropped"
    DEAD = "dead"


class Fate(enum.Enum):
    """What becomes of a message that Meta has not taken."""

    WAIT = "wait"
    """Send it later: a rate limit, an outage, a refused token."""

    HOLD = "hold"
    """Send it once the user has written: the messaging window is closed."""

    LOST = "lost"
    """Drop it with the rest of its turn: another app has the thread."""

    DROP = "drop"
    """Drop it: the user can get no messages."""

    GIVE_UP = "give up"
    """Set it aside: Meta refuses it for good."""


def fate_of(error: GraphError, *, waited_out: bool) -> Fate:
    """What one of Graph's errors means for a message.

    A message that Meta can't deal with looks like an outage in which others get through: only time
    tells the two apart, and `waited_out` means that it has.
    """
    if isinstance(error, GraphUnavailable) and error.others_answered and waited_out:
        return Fate.GIVE_UP
    if isinstance(error, TRY_LATER):
        return Fate.WAIT
    if isinstance(error, WindowClosed):
        return Fate.HOLD
    if isinstance(error, UserUnreachable) and not isinstance(error, NoSuchUser):
        return Fate.DROP
    return Fate.LOST if isinstance(error, NotThreadOwner) else Fate.GIVE_UP


def is_echoed(message: Mapping[str, Any], echo: Echo) -> bool:
    """Whether an echo shows what this Send API `message` says.

    In an echo, a file has another address and a template another form: that there is one suffices.
    """
    if "text" in message:
        return echo.text is not None and _seen(echo.text) == _seen(str(message["text"]))
    return bool(echo.attachments)


def _seen(text: str) -> str:
    """What a reader sees of a text: nobody promises that Meta keeps the rest, or its encoding."""
    characters = unicodedata.normalize("NFKC", text).replace(_NO_CHARACTER, "")
    return "".join(one for one in characters if unicodedata.category(one) not in _UNSEEN)
