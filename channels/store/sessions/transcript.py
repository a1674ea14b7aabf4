"""The transcripts in SQL: each function is an operation for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, bindparam, delete, select, update
from sqlalchemy.engine import Connection

from ...core.briefing.transcript import Line
from ...core.events import Thread
from ...core.sessions.session import Session, Speaker
from ..database.schema import insert_new, lines, microseconds, moment

_ADD = insert_new(lines)
_NEWEST = (
    select(lines.c.key, lines.c.said_at_us, lines.c.speaker, lines.c.text)
    .where(lines.c.session_id == bindparam("this_session"))
    .order_by(lines.c.said_at_us.desc(), lines.c.position.desc())
    .limit(bindparam("limit", type_=Integer))
)
_is_this = (lines.c.thread == bindparam("this_thread")) & (lines.c.key == bindparam("this_key"))
_REMOVE = delete(lines).where(_is_this)
_REWRITE = update(lines).where(_is_this).values(text=bindparam("new_text"))
_FORGET = delete(lines).where(lines.c.thread == bindparam("this_thread"))
_PRUNE = delete(lines).where(
    lines.c.position.in_(
        select(lines.c.position)
        .where(lines.c.said_at_us < bindparam("before_us"))
        .limit(bindparam("limit", type_=Integer))
    )
)


def add(connection: Connection, said: Sequence[tuple[Session, Line]]) -> list[None]:
    """Insert the lines of many calls at once, except those whose key their thread already has."""
    rows = [
        {
            "session_id": session.id,
            "thread": session.thread.key,
            "key": line.key,
            "said_at_us": microseconds(line.at),
            "speaker": line.speaker.value,
            "text": line.text,
        }
        for session, line in said
    ]
    connection.execute(_ADD, rows)
    return [None] * len(said)


def newest(connection: Connection, session_id: str, *, limit: int) -> list[Line]:
    """The newest lines, in the order in which they were said."""
    newest_first = connection.execute(_NEWEST, {"this_session": session_id, "limit": limit}).all()
    return [
        Line(key=key, at=moment(said_at_us), speaker=Speaker(speaker), text=text)
        for key, said_at_us, speaker, text in reversed(newest_first)
    ]


def remove(connection: Connection, thread: Thread, key: str) -> None:
    """Delete a line whose author has taken it back."""
    connection.execute(_REMOVE, {"this_thread": thread.key, "this_key": key})


def rewrite(connection: Connection, thread: Thread, key: str, text: str) -> None:
    """Give a line the new text that its author has written."""
    these = {"this_thread": thread.key, "this_key": key}
    connection.execute(_REWRITE, {**these, "new_text": text})


def forget(connection: Connection, thread: Thread) -> int:
    """Delete every line of the thread; return how many."""
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def prune(connection: Connection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` lines that were said before then; return how many."""
    parameters = {"before_us": microseconds(before), "limit": limit}
    return int(connection.execute(_PRUNE, parameters).rowcount)
