"""What cut turns have sent, in SQL: each function is an operation for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.engine import Connection

from ..core.events import Thread
from .schema import microseconds, sent

_FINGERPRINTS: msgspec.json.Decoder[tuple[str, ...]] = msgspec.json.Decoder(tuple[str, ...])
_IS_THREAD_S = sent.c.thread == bindparam("this_thread")
_IS_TURN_S = _IS_THREAD_S & (sent.c.turn == bindparam("this_turn"))
_FIND = select(sent.c.fingerprints).where(_IS_TURN_S)
_DROP = delete(sent).where(_IS_TURN_S)
_FORGET = delete(sent).where(_IS_THREAD_S)
_PRUNE = delete(sent).where(sent.c.kept_at_us < bindparam("before_us"))


def keep(
    connection: Connection,
    thread: Thread,
    turn: str,
    *,
    fingerprints: Sequence[str],
    now: datetime,
) -> None:
    """Keep it in the place of what the turn had sent before."""
    connection.execute(_DROP, {"this_thread": thread.key, "this_turn": turn})
    row = {
        "thread": thread.key,
        "turn": turn,
        "fingerprints": msgspec.json.encode(fingerprints).decode(),
        "kept_at_us": microseconds(now),
    }
    connection.execute(insert(sent), row)


def of_turn(connection: Connection, thread: Thread, turn: str) -> tuple[str, ...]:
    found = connection.execute(_FIND, {"this_thread": thread.key, "this_turn": turn}).scalar()
    return () if found is None else _FINGERPRINTS.decode(found)


def forget(connection: Connection, thread: Thread) -> int:
    """Delete what is kept of the thread's turns; return of how many."""
    return int(connection.execute(_FORGET, {"this_thread": thread.key}).rowcount)


def prune(connection: Connection, *, before: datetime) -> None:
    """Delete what was kept before then."""
    connection.execute(_PRUNE, {"before_us": microseconds(before)})
