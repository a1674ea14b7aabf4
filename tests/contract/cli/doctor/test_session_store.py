"""What the doctor says of the session store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy

from channels.store.database.schema import VERSION, versions
from channels.store.sql import SqlStore
from tests.contract.cli.doctor.doctor_samples import postgresql_tracker_store, redis
from tests.contract.live_page import LivePage


def database(page: LivePage) -> Path:
    return page.directory / "handover.db"


async def create_store(url: str) -> None:
    store = SqlStore(url, worker="worker")
    await store.open()
    await store.close()


def set_version(url: str, version: int) -> None:
    engine = sqlalchemy.create_engine(url, future=True)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.update(versions).values(version=version))
    engine.dispose()


async def test_a_store_that_is_not_there_yet_is_right_and_stays_away(page: LivePage) -> None:
    assert "is empty" in await page.ok("store")
    assert not database(page).exists()


async def test_a_file_without_tables_is_an_empty_store(page: LivePage) -> None:
    database(page).touch()
    assert "is empty" in await page.ok("store")


async def test_a_store_in_use_is_read_and_not_disturbed(page: LivePage) -> None:
    store = SqlStore(page.section["store"], worker="worker")
    await store.open()
    detail = await page.ok("store")
    assert f"version {VERSION}, as they should" in detail
    assert await store.open_sessions(limit=1) == []
    await store.close()


async def test_a_store_that_another_process_has_locked_is_in_use(page: LivePage) -> None:
    await create_store(page.section["store"])
    with sqlite3.connect(database(page)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert await page.ok("store") == "It is in use."
    other.close()


async def test_a_store_of_a_newer_release_is_wrong(page: LivePage) -> None:
    await create_store(page.section["store"])
    set_version(page.section["store"], VERSION + 1)
    assert f"version {VERSION + 1}" in await page.wrong("store")


async def test_a_store_of_an_older_release_is_upgraded_at_the_next_start(page: LivePage) -> None:
    await create_store(page.section["store"])
    set_version(page.section["store"], VERSION - 1)
    assert "upgrades them" in await page.ok("store")


async def test_a_file_that_is_no_database_is_wrong(page: LivePage) -> None:
    database(page).write_text("no database at all, but long enough to be taken for one" * 20)
    assert "not a database" in await page.wrong("store")


async def test_a_store_in_no_directory_is_wrong(page: LivePage) -> None:
    page.section["store"] = f"sqlite:///{page.directory}/nowhere/handover.db"
    assert "no directory" in await page.wrong("store")


async def test_a_postgresql_that_is_not_there_is_wrong_without_its_password(page: LivePage) -> None:
    page.section["store"] = "postgresql://user:S3CRET@127.0.0.1:9/handover"
    redis(page)
    detail = await page.wrong("store")
    assert "failed" in detail
    assert "S3CRET" not in detail


async def test_a_postgresql_store_is_read_whatever_its_state(
    page: LivePage, postgresql_url: str
) -> None:
    page.section["store"] = postgresql_url
    redis(page)
    assert "is empty" in await page.ok("store")
    await create_store(postgresql_url)
    assert f"version {VERSION}, as they should" in await page.ok("store")
    set_version(postgresql_url, VERSION + 1)
    assert "newer release" in await page.wrong("store")


async def test_several_workers_can_not_share_a_file(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("SANIC_WORKERS", "2")
    redis(page)
    postgresql_tracker_store(page, postgresql_url)
    assert "SANIC_WORKERS is 2" in await page.wrong("store-workers")
