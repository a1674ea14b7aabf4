"""One channel on a Sanic server for all tests of a file.

Rasa is imported where it is asked for: pytest's first process reads this too, and runs no test.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from tests.search.fuzz.served_channel import ServedChannel

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if pytest_asyncio.is_async_test(item) and HERE in item.path.parents:
            item.add_marker(one_loop, append=False)


@pytest.fixture(scope="session")
def new_user_id() -> Callable[[], str]:
    numbers = itertools.count(7_000_000_000)
    return lambda: str(next(numbers))


@pytest.fixture
def user(new_user_id: Callable[[], str]) -> str:
    """A user who has not written yet."""
    return new_user_id()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def channel(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServedChannel]:
    from tests.search.fuzz.served_channel import served_channel

    async with served_channel(tmp_path_factory.mktemp("channel")) as served:
        yield served
