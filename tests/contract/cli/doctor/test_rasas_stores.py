"""What the doctor says of Rasa's own stores: of its trackers and of its locks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.domain import Domain

from cli.doctor.machine import tracker_store
from tests.contract.cli.doctor.doctor_samples import endpoints, postgresql_tracker_store, redis
from tests.contract.live_page import LivePage
from tests.support.rasa_project import InMemoryTrackerStore, SQLTrackerStore


async def test_conversations_in_memory_are_wrong(page: LivePage) -> None:
    del endpoints(page)["tracker_store"]
    assert "in memory" in await page.wrong("tracker-store")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("InMemoryTrackerStore", "finds no tracker store InMemoryTrackerStore"),
        ("no.such.module.Store", "finds no tracker store no.such.module.Store"),
        ("rasa.core.tracker_store.NoSuchStore", "finds no tracker store rasa.core"),
        ("rasa.core.tracker_store.InMemoryTrackerStore", "in memory"),
        ("their_stores.Forgetful", "in memory"),
        ("their_stores.WithoutPackage", "can't build the tracker store their_stores.Without"),
        ("their_stores.Misspelt", "can't build the tracker store their_stores.Misspelt"),
        ("their_stores.Picky", "can't start with the tracker store their_stores.Picky"),
        ("their_broken_store.Store", "can't start with the tracker store"),
        ("their_stores.a_function", "can't start with the tracker store"),
    ],
)
async def test_a_tracker_store_that_rasa_replaces_by_memory_is_wrong(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, kind: str, told: str
) -> None:
    """Rasa finds it in the folder that it is started in, and warns only in its log."""
    write_stores(page.directory)
    monkeypatch.chdir(page.directory)
    endpoints(page)["tracker_store"] = {"type": kind}
    path = list(sys.path)
    assert told in await page.wrong("tracker-store")
    assert sys.path == path


async def test_a_tracker_store_of_their_own_is_built_as_rasa_builds_it(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stores(page.directory)
    monkeypatch.chdir(page.directory)
    endpoints(page)["tracker_store"] = {"type": "their_stores.Kept", "bucket": "talks"}
    assert "type their_stores.Kept" in await page.ok("tracker-store")
    assert "built with talks" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "told"), [("Gone", "ConnectionError"), ("Exiting", "SystemExit"), ("Slow", "in time")]
)
async def test_a_tracker_store_that_does_not_answer_is_a_finding_of_its_own(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, kind: str, told: str
) -> None:
    write_stores(page.directory)
    monkeypatch.chdir(page.directory)
    monkeypatch.setattr(tracker_store, "PATIENCE", 0.5)
    endpoints(page)["tracker_store"] = {"type": f"their_stores.{kind}"}
    assert told in await page.wrong("tracker-store-answers")


async def test_a_database_that_is_away_is_a_finding_without_its_password(page: LivePage) -> None:
    """With `login_db` Rasa itself would retry forever."""
    away = "postgresql://rasa:S3CRET@127.0.0.1:9/rasa"
    endpoints(page)["tracker_store"] = {"type": "SQL", "url": away, "login_db": "postgres"}
    detail = await page.wrong("tracker-store-answers")
    assert "OperationalError" in detail
    assert "S3CRET" not in detail


async def test_a_file_in_no_directory_is_a_finding(page: LivePage) -> None:
    file = page.directory / "nowhere" / "rasa.db"
    endpoints(page)["tracker_store"] = {"type": "SQL", "db": str(file)}
    assert "OperationalError" in await page.wrong("tracker-store-answers")


@pytest.mark.parametrize("key", ["db", "url"])
async def test_no_file_is_made_for_a_bot_that_has_not_run_yet(page: LivePage, key: str) -> None:
    file = page.directory / "rasa.db"
    value = str(file) if key == "db" else f"sqlite:///{file}"
    endpoints(page)["tracker_store"] = {"type": "SQL", key: value}
    assert "answers" in await page.ok("tracker-store-answers")
    assert not file.exists()


async def test_the_tracker_store_of_a_bot_that_has_run_is_asked(page: LivePage) -> None:
    file = page.directory / "rasa.db"
    SQLTrackerStore(Domain.empty(), db=str(file))
    endpoints(page)["tracker_store"] = {"type": "sql", "db": str(file)}
    assert "answers" in await page.ok("tracker-store-answers")


async def test_a_file_that_is_no_database_keeps_rasa_from_starting(page: LivePage) -> None:
    file = page.directory / "rasa.db"
    file.write_text("no database, but long enough to be taken for one" * 100)
    endpoints(page)["tracker_store"] = {"type": "sql", "db": str(file)}
    assert "can't start" in await page.wrong("tracker-store")


@pytest.mark.parametrize(
    "section",
    [
        {"type": "SQL", "dialect": "oracular"},
        {"type": "SQL", "dialect": "mysql+nodriver"},
        {"type": "SQL", "port": "five"},
    ],
)
async def test_a_tracker_store_that_keeps_rasa_from_starting_is_wrong(
    page: LivePage, section: dict[str, Any]
) -> None:
    endpoints(page)["tracker_store"] = section
    assert "can't start" in await page.wrong("tracker-store")


def write_stores(directory: Path) -> None:
    """Tracker stores of the project's own."""
    (directory / "their_stores.py").write_text(
        f"""\
import time
from {InMemoryTrackerStore.__module__} import InMemoryTrackerStore, TrackerStore
class Forgetful(InMemoryTrackerStore): ...
class Kept(TrackerStore):
    def __init__(self, domain, host=None, event_broker=None, bucket="", **kwargs):
        print("built with", bucket)
        super().__init__(domain, event_broker)
    def retrieve(self, sender_id): return None
    def save(self, tracker): ...
    def keys(self): return []
class Gone(Kept):
    def retrieve(self, sender_id): raise ConnectionError("S3CRET")
class Exiting(Kept):
    def retrieve(self, sender_id): raise SystemExit(1)
class Slow(Kept):
    def retrieve(self, sender_id): time.sleep(2)
class WithoutPackage(Kept):
    def __init__(self, *args, **kwargs): import no_such_driver
class Misspelt(Kept):
    def __init__(self, *args, **kwargs): self.clinet.connect()
class Picky(Kept):
    def __init__(self, *args, bucket_name, **kwargs): ...
def a_function(): ...
"""
    )
    (directory / "their_broken_store.py").write_text("1 / 0\n")


async def test_a_tracker_store_in_a_file_is_not_for_several_workers(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("SANIC_WORKERS", "2")
    page.section["store"] = postgresql_url
    redis(page)
    assert "SQLite" in await page.wrong("tracker-store")


async def test_locks_in_memory_are_not_for_several_workers(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("SANIC_WORKERS", "2")
    page.section["store"] = postgresql_url
    postgresql_tracker_store(page, postgresql_url)
    assert "in memory" in await page.wrong("lock-store")


async def test_locks_in_memory_beside_a_shared_store_can_not_be_judged(
    page: LivePage, postgresql_url: str
) -> None:
    page.section["store"] = postgresql_url
    assert "PostgreSQL" in await page.untold("lock-store")


async def test_a_lock_store_of_ones_own_can_not_be_judged(page: LivePage) -> None:
    endpoints(page)["lock_store"] = {"type": "my_package.MyLockStore"}
    assert "my_package" in await page.untold("lock-store")
