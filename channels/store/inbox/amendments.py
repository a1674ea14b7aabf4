"""Messages that were taken back or edited, in SQL: each function is part of an operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection

from ...core.briefing.transcript import line_key, text_of
from ...core.events import Edited, Event, TakenBack
from ...core.records.amendments import (
    Amendment,
    amended,
    forestalled,
    in_its_place,
    keys_of_message,
)
from ...core.records.inbox import user_text
from ..database.schema import DONE, inbox, insert_new, microseconds
from ..sessions import transcript

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)

_BY_KEY = select(inbox.c.key, inbox.c.event).where(
    inbox.c.key.in_(bindparam("keys", expanding=True))
)
_AMEND = (
    update(inbox)
    .where(inbox.c.key == bindparam("this_key"))
    .values(event=bindparam("amended"), has_user_text=bindparam("has_text"))
)
_FORESTALL = insert_new(inbox)


def in_their_place(connection: Connection, events: Sequence[Event]) -> list[Event]:
    """The events to be recorded: a user's edit that comes before its message takes its place."""
    known = {event.key for event in events}
    for edit in events:
        if isinstance(edit, Edited):
            known.update(_recorded(connection, edit))
    return [in_its_place(event, known) for event in events]


def amend(connection: Connection, amendment: Amendment, now: datetime) -> str:
    """Change what is kept of the message, and what may still come of it, as its author has.

    Returns what the user has written in it, as it is now.
    """
    recorded = _recorded(connection, amendment)
    changed = {key: amended(event, amendment) for key, event in recorded.items()}
    for key, event in changed.items():
        if event is not None:
            this = {"this_key": key, "has_text": user_text(event) is not None}
            connection.execute(_AMEND, {**this, "amended": _encoded(event)})
    line = line_key(amendment.mid)
    if isinstance(amendment, TakenBack):
        stand_ins = forestalled(amendment, recorded)
        if stand_ins:
            connection.execute(_FORESTALL, [_handled(event, now) for event in stand_ins])
        transcript.remove(connection, amendment.thread, line)
        return ""
    texts = [text_of(changed[key] or event) for key, event in recorded.items()]
    text = next(filter(None, texts), "") if recorded else amendment.text
    if text:
        transcript.rewrite(connection, amendment.thread, line, text)
    written = (user_text(changed[key] or event) for key, event in recorded.items())
    return next(filter(None, written), "") if recorded else amendment.text


def _recorded(connection: Connection, amendment: Amendment) -> dict[str, Event]:
    found = connection.execute(_BY_KEY, {"keys": keys_of_message(amendment)})
    return {key: _EVENT.decode(event) for key, event in found}


def _handled(event: Event, now: datetime) -> dict[str, object]:
    """A row that does not wait to be handled: it only makes the event known."""
    return {
        "key": event.key,
        "thread": event.thread.key,
        "event": _encoded(event),
        "has_user_text": False,
        "recorded_at_us": microseconds(now),
        "state": DONE,
        "claimed_by": "",
        "claimed_until_us": 0,
        "handled_at_us": microseconds(now),
    }


def _encoded(event: Event) -> str:
    return msgspec.json.encode(event).decode()
