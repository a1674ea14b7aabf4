"""Databases as the tests of this folder find and change them."""

from __future__ import annotations

from sqlalchemy import create_engine

from channels.store.sql import SqlStore


async def open_and_close(url: str) -> None:
    store = SqlStore(url, worker="worker")
    await store.open()
    await store.close()


def alter_table(url: str, change: str) -> None:
    engine = create_engine(url, future=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {change}")
    engine.dispose()
