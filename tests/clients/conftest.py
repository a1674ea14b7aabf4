"""Public client libraries on a real emulator, over HTTP, in processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.clients.client_libraries import Library, started
from tests.clients.client_stage import Stage, staged

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(one_loop, append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_libraries() -> AsyncIterator[dict[str, Library]]:
    """Each library that was wanted so far; they end when their input does."""
    running: dict[str, Library] = {}
    yield running
    for library in running.values():
        assert library.process.stdin is not None
        library.process.stdin.close()
        await library.process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def library(request: pytest.FixtureRequest, running_libraries: dict[str, Library]) -> Library:
    name = request.param
    if name not in running_libraries:
        running_libraries[name] = await started(name)
    return running_libraries[name]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_stage() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def stage(shared_stage: Stage) -> Stage:
    await shared_stage.start_over()
    return shared_stage
