"""What comes in, on its way to be handled. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ..events import Act, Event, Postback, SignOfLife, UserMessage

# Messenger Platform, Send Messages: messages and taps do, and so does an m.me link.
_OPENS_THE_WINDOW = (UserMessage, Postback, SignOfLife, Act)


class InboxEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was recorded before it was acknowledged, and has not been handled yet.

    `position` grows with each recorded event: events of one thread are handled in its order.
    `failures` counts the times that handling it failed. `is_repeated` says that a worker
    has held it before, which may have handled it; `was_lost`, that this one has died.
    `attempts` counts the handlings since then that nobody has heard of again.
    """

    position: int
    event: Event
    failures: int = 0
    is_repeated: bool = False
    was_lost: bool = False
    attempts: int = 0


def user_at(events: Iterable[Event]) -> datetime | None:
    """When the user last wrote or tapped."""
    said = (event.at for event in events if isinstance(event, _OPENS_THE_WINDOW))
    return max(said, default=None)


def user_text(event: Event) -> str | None:
    """What the user wrote, or the title of what the user tapped."""
    if isinstance(event, UserMessage):
        return event.text
    return event.title if isinstance(event, Postback) else None
