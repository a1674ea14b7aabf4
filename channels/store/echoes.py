"""Echoes that other workers may ask for, in SQL: each function is an operation for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.engine import Connection

from .insert import insert_new
from .schema import echoes, microseconds

_KEEP = insert_new(echoes)
_FIND = select(echoes.c.metadata).where(echoes.c.metadata == bindparam("this_metadata"))
_PRUNE = delete(echoes).where(echoes.c.heard_at_us < bindparam("before_us"))


def keep(connection: Connection, heard: Sequence[tuple[str, datetime]]) -> list[None]:
    """Insert the echoes of many calls at once; the order keeps two workers out of a deadlock."""
    rows = [
        {"metadata": metadata, "heard_at_us": microseconds(at)} for metadata, at in sorted(heard)
    ]
    connection.execute(_KEEP, rows)
    return [None] * len(heard)


def has(connection: Connection, metadata: str) -> bool:
    return connection.execute(_FIND, {"this_metadata": metadata}).first() is not None


def prune(connection: Connection, *, before: datetime) -> None:
    """Delete the echoes that were heard before then."""
    connection.execute(_PRUNE, {"before_us": microseconds(before)})
