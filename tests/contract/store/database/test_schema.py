"""The tables: made, upgraded, and left alone where they are a newer release's."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

from channels.core.errors import StoreVersionError
from channels.store.sql import SqlStore
from tests.contract.store.database.database_samples import open_and_close
from tests.contract.store.store_samples import (
    ANNA,
    NOW,
    message,
    new_session,
)

REPOSITORY = Path(__file__).parents[4]
FIXTURES = REPOSITORY / "tests" / "fixtures" / "store"


async def test_workers_that_start_together_all_get_their_tables(postgresql_url: str) -> None:
    stores = [SqlStore(postgresql_url, worker=f"worker {number}") for number in range(5)]

    await asyncio.gather(*[store.open() for store in stores])

    answers = [await store.add_session(new_session("session")) for store in stores]
    assert answers == [True, False, False, False, False]
    for store in stores:
        await store.close()


async def test_tables_of_a_newer_release_are_left_alone(sqlite_url: str) -> None:
    await open_and_close(sqlite_url)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE handover_schema SET version = 99")

    with pytest.raises(StoreVersionError, match=r"version 99.*Upgrade rasa-handover"):
        await open_and_close(sqlite_url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_tables_of_an_older_release_become_those_of_this_one(
    request: pytest.FixtureRequest, kind: str
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    run_script(url, FIXTURES / f"version_1_{kind}.sql")
    await open_and_close(url)
    upgraded = described(url)

    run_script(url, FIXTURES / "drop_all.sql")
    await open_and_close(url)
    assert upgraded == described(url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_an_upgrade_keeps_what_is_in_the_tables(
    request: pytest.FixtureRequest, kind: str
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    run_script(url, FIXTURES / f"version_1_{kind}.sql")
    run_script(url, FIXTURES / "version_1_rows.sql")
    store = SqlStore(url, worker="worker")
    await store.open()

    [entry] = await store.claim_inbox(NOW, limit=9)
    session = await store.open_session(ANNA)
    await store.close()

    assert entry.event == message("a")
    assert session == new_session("session")


def run_script(url: str, script: Path) -> None:
    engine = create_engine(url, future=True)
    with engine.begin() as connection:
        for statement in script.read_text().split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()


def described(url: str) -> dict[str, tuple[list[tuple[str, str]], list[str], list[str]]]:
    """Each table's columns and indexes."""
    engine = create_engine(url, future=True)
    inspector = inspect(engine)
    tables = {
        table: (
            [(column["name"], str(column["type"])) for column in inspector.get_columns(table)],
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted(str(_described(index)) for index in inspector.get_indexes(table)),
        )
        for table in inspector.get_table_names()
    }
    engine.dispose()
    return tables


def _described(index: Any) -> list[str]:
    where = [str(condition) for condition in index.get("dialect_options", {}).values()]
    return [index["name"], str(index["unique"]), *index["column_names"], *where]
