"""What becomes of a recorded message that its author takes back or edits. Pure.

Whatever is kept of the message, or made from it later, has to follow: Instagram's app review
requires it. What Rasa or an agent's app has already been told is out of our hands.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from ..events import Array, Echo, Edited, Event, SignOfLife, TakenBack, UserMessage, message_key

Amendment = TakenBack | Edited


def keys_of_message(amendment: Amendment) -> list[str]:
    """The keys under which the message may have been recorded."""
    return [message_key(amendment.thread.page, array, amendment.mid) for array in Array]


def amended(event: Event, amendment: Amendment) -> Event | None:
    """The event without what was taken back, or with the newer text; None if it does not change."""
    if not isinstance(event, (UserMessage, Echo)) or event.thread != amendment.thread:
        return None
    if isinstance(amendment, Edited):
        is_newer = amendment.number > event.edits
        return replace(event, text=amendment.text, edits=amendment.number) if is_newer else None
    if isinstance(event, Echo):
        return replace(event, text=None, attachments=())
    return _without_words(event.key, event)


def forestalled(amendment: TakenBack, known: Collection[str]) -> list[Event]:
    """Stand-ins for a message that was taken back before it came, so that it counts as known."""
    return [
        _without_words(key, amendment) for key in keys_of_message(amendment) if key not in known
    ]


def in_its_place(event: Event, known: Collection[str]) -> Event:
    """The event; or, if it is a user's edit that came before its message, the message itself."""
    if not isinstance(event, Edited) or event.by_page or set(keys_of_message(event)) & set(known):
        return event
    return UserMessage(
        key=message_key(event.thread.page, event.array, event.mid),
        thread=event.thread,
        array=event.array,
        at=event.at,
        received_at=event.received_at,
        mid=event.mid,
        text=event.text,
        edits=event.number,
    )


def as_kept(event: Event) -> Event:
    """The event as it is stored: an edit without its text, which is stored with its message."""
    return replace(event, text="") if isinstance(event, Edited) else event


def _without_words(key: str, event: UserMessage | TakenBack) -> SignOfLife:
    return SignOfLife(
        key=key,
        thread=event.thread,
        array=event.array,
        at=event.at,
        received_at=event.received_at,
        mid=event.mid,
    )
