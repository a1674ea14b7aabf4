"""Real processes: the emulator, the action server and `rasa run` with a trained model."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from conversation import Conversation
from rasa_api import Rasa

from demo.stack import MODEL, Stack

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(one_loop, append=False)


@pytest.fixture(scope="session")
def model() -> Path:
    if not MODEL.exists():
        pytest.fail("There is no trained model; run these tests with `make test`.")
    return MODEL


@pytest.fixture(scope="session")
def new_user_id() -> Callable[[], str]:
    numbers = itertools.count(24_870_165_432_200_000)
    return lambda: str(next(numbers))


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(model: Path, directory: Path) -> AsyncIterator[Stack]:
    async with Stack(directory, model=model) as running:
        running.change_channel(admin_token="the-admin-token")
        running.change_plan("nowhere", target_app="999999999999999")
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def rasa(stack: Stack, http: ClientSession) -> Rasa:
    return Rasa(http, stack.rasa_url)


@pytest_asyncio.fixture(loop_scope="session")
async def chat(stack: Stack, new_user_id: Callable[[], str]) -> AsyncIterator[Conversation]:
    """A conversation of a user whom nobody has met yet; faults end with it."""
    user = new_user_id()
    await stack.platform.add_user(user, "Grace")
    yield Conversation(stack, user)
    await stack.platform.call("DELETE", "faults")
