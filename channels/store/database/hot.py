"""Runs statements that every event needs, written as text: built by SQLAlchemy they would cost
twice as much, and with many rows at once four times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy.engine import Connection, CursorResult


def execute(connection: Connection, statement: str, *parameters: Any) -> CursorResult:
    """Carry out a statement with a `?` for each parameter, or `IN ?` if that is a tuple."""
    if connection.dialect.name == "postgresql":  # its driver writes tuples out by itself
        return connection.exec_driver_sql(statement.replace("?", "%s"), [parameters])
    sizes = tuple(len(each) if isinstance(each, tuple) else None for each in parameters)
    values: list[Any] = []
    for each in parameters:
        values += each if isinstance(each, tuple) else (each,)
    return connection.exec_driver_sql(_with_lists(statement, sizes), tuple(values))


def insert(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Sequence[int]:
    """Insert the rows that are new with one statement; returns their positions, in order."""
    is_postgresql = connection.dialect.name == "postgresql"
    statement = _inserting(table, tuple(columns), len(rows), is_postgresql)
    values = tuple([value for row in rows for value in row])
    inserted = connection.exec_driver_sql(statement, values)
    if is_postgresql:
        return sorted(inserted.scalars())
    # SQLite has had RETURNING only since release 3.35; but nobody else inserts.
    return range(inserted.lastrowid - inserted.rowcount + 1, inserted.lastrowid + 1)


@lru_cache(maxsize=1024)  # as below
def _inserting(table: str, columns: tuple[str, ...], rows: int, is_postgresql: bool) -> str:
    mark, end = ("%s", " RETURNING position") if is_postgresql else ("?", "")
    values = ", ".join([f"({', '.join([mark] * len(columns))})"] * rows)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} "  # noqa: S608
        f"ON CONFLICT DO NOTHING{end}"
    )


def as_json(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as a single parameter, for PostgreSQL's `json_to_recordset`."""
    return msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in rows]).decode()


@lru_cache(maxsize=1024)  # each statement has as many as a batch has sizes
def _with_lists(statement: str, sizes: tuple[int | None, ...]) -> str:
    first, *rest = statement.split("?")
    marks = ("?" if size is None else f"({', '.join('?' * size)})" for size in sizes)
    return first + "".join(mark + part for mark, part in zip(marks, rest, strict=True))
