"""Two workers on PostgreSQL that record events of one thread at the same moment."""

from __future__ import annotations

import asyncio
import threading
import time

import psycopg2
from sqlalchemy.engine import Connection

from channels.store.inbox import inbox
from channels.store.sql import SqlStore
from tests.contract.store.store_samples import NOW, message


async def test_whoever_records_second_leaves_its_event_to_the_first(postgresql_url: str) -> None:
    one, two = (SqlStore(postgresql_url, worker=name) for name in ("one", "two"))
    await one.open()
    await two.open()
    has_recorded, may_commit = threading.Event(), threading.Event()

    def record_first(connection: Connection) -> None:
        inbox.record(connection, [([message("first")], NOW, True)], worker="one")
        has_recorded.set()
        assert may_commit.wait(30)

    first = asyncio.ensure_future(one._inbox_writer.run(record_first))
    assert await asyncio.to_thread(has_recorded.wait, 30)
    second = asyncio.create_task(two.record([message("second")], NOW))
    await asyncio.to_thread(until_somebody_waits, postgresql_url)
    may_commit.set()

    assert await second == []
    await first
    await one.close()
    await two.close()


def until_somebody_waits(url: str) -> None:
    """Return once a connection waits for a lock on a thread."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    found, until = None, time.monotonic() + 20
    while not found and time.monotonic() < until:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        found = cursor.fetchone()
    connection.close()
