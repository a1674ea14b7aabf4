"""Rasa's tracker store with the limits of `deploy/endpoints.yml`, on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from threading import Timer
from typing import Any

import psycopg2
import pytest
import yaml
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from tests.support.rasa_project import SQLTrackerStore

ENDPOINTS = Path(__file__).parents[4] / "deploy" / "endpoints.yml"
LONG = 30  # seconds


def tracker_store_on(postgresql_url: str) -> Any:
    limits = yaml.safe_load(ENDPOINTS.read_text())["tracker_store"]["query"]
    url = make_url(postgresql_url)
    query = {**url.query, **limits, "options": f"{limits['options']} {url.query['options']}"}
    return SQLTrackerStore(
        dialect="postgresql", host=None, db=url.database, username=url.username, query=query
    )


async def test_a_locked_table_of_rasas_holds_up_the_process_for_a_moment_only(
    postgresql_url: str,
) -> None:
    """Rasa waits for it in the event loop: no delivery is answered meanwhile, and no stop ends."""
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
