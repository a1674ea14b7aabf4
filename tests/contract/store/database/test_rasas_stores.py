"""Rasa's own stores with the limits of `deploy/endpoints.yml`.

Rasa waits for them in the event loop: meanwhile no delivery is answered, and no stop ends.
"""

from __future__ import annotations

import socket
from pathlib import Path
from threading import Timer
from typing import Any

import psycopg2
import pytest
import redis
import yaml
from rasa.core.lock_store import LockStore
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from tests.support.rasa_project import SQLTrackerStore

ENDPOINTS = yaml.safe_load((Path(__file__).parents[4] / "deploy" / "endpoints.yml").read_text())
LONG = 30  # seconds


def tracker_store_on(postgresql_url: str) -> Any:
    limits = ENDPOINTS["tracker_store"]["query"]
    url = make_url(postgresql_url)
    query = {**url.query, **limits, "options": f"{limits['options']} {url.query['options']}"}
    return SQLTrackerStore(
        dialect="postgresql", host=None, db=url.database, username=url.username, query=query
    )


async def test_a_lock_on_rasas_table_is_not_waited_for(postgresql_url: str) -> None:
    store = tracker_store_on(postgresql_url)
    connection = psycopg2.connect(postgresql_url)
    connection.cursor().execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
    letting_go = Timer(LONG, connection.close)
    letting_go.start()
    tracker = DialogueStateTracker.from_events("user", [UserUttered("hello")])
    with pytest.raises(OperationalError, match="lock timeout"):
        await store.save(tracker)
    letting_go.cancel()
    connection.close()
    await store.save(tracker)
    assert (await store.retrieve("user")) is not None
    store.engine.dispose()


def test_a_redis_that_falls_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = {"url": "127.0.0.1", "port": silent.getsockname()[1]}
        store = LockStore.create(EndpointConfig(**{**ENDPOINTS["lock_store"], **address}))
        letting_go = Timer(5, lambda: silent.accept()[0].close())  # sooner than Rasa would
        letting_go.start()
        with pytest.raises(redis.TimeoutError):
            store.get_lock("user")
        letting_go.join()
