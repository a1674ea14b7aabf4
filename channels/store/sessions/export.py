"""What is kept of a person, in SQL: an operation for the writer."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from ...core.briefing.transcript import Line
from ...core.events import Event, Thread
from ...core.records.kept import PersonalData
from ...core.records.outgoing import Outgoing
from ...core.sessions.session import Session, Speaker
from ..database.schema import inbox, lines, moment, outgoing, sessions

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_SESSION = msgspec.json.Decoder(Session)
_OUTGOING = msgspec.json.Decoder(Outgoing)

_EVENTS = (
    select(inbox.c.event)
    .where(inbox.c.thread == bindparam("this_thread"))
    .order_by(inbox.c.position)
)
_SESSIONS = (
    select(sessions.c.data)
    .where(sessions.c.thread == bindparam("this_thread"))
    .order_by(sessions.c.opened_at_us, sessions.c.id)
)
_LINES = (
    select(lines.c.key, lines.c.said_at_us, lines.c.speaker, lines.c.text)
    .where(lines.c.thread == bindparam("this_thread"))
    .order_by(lines.c.said_at_us, lines.c.position)
)
_MESSAGES = (
    select(outgoing.c.data)
    .where(outgoing.c.thread == bindparam("this_thread"))
    .order_by(outgoing.c.position)
)


def export(connection: Connection, thread: Thread) -> PersonalData:
    this = {"this_thread": thread.key}
    said = connection.execute(_LINES, this)
    return PersonalData(
        events=[_EVENT.decode(event) for event in connection.execute(_EVENTS, this).scalars()],
        sessions=[_SESSION.decode(data) for data in connection.execute(_SESSIONS, this).scalars()],
        lines=[
            Line(key=key, at=moment(at_us), speaker=Speaker(speaker), text=text)
            for key, at_us, speaker, text in said
        ],
        messages=[_OUTGOING.decode(data) for data in connection.execute(_MESSAGES, this).scalars()],
    )
