"""Real processes: the emulator, the action server and `rasa run` with a trained model."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from demo.stack import MODEL, Stack
from tests.stack.acceptance.conversation import Conversation
from tests.stack.acceptance.rasa_api import ADMIN_TOKEN, Handovers, Rasa
from tests.stack.forks.forked_stack import Stacks

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            if inspect.iscoroutinefunction(getattr(item, "function", None)):
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    async with stacks.new("stack") as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        running.change_plan("nowhere", target_app="999999999999999")
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hasty_stack(stacks: Stacks) -> AsyncIterator[Stack]:
    """A stack with short times, whose clock tests move and whose Rasa they restart."""
    async with stacks.new("hasty") as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        running.change_plan("default", timeout="10s")
        running.change_plan("sales", owner_probe="10s", return_intents=["show_menu"])
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def unrouted_stack(stacks: Stacks) -> AsyncIterator[Stack]:
    """A stack whose Page has no default app: Conversation Routing is off."""
    async with stacks.new("unrouted") as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        running.change_plan("default", owner_probe="10s")
        await running.start()
        await running.platform.call("PUT", "routing", {"mode": "off"})
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def rasa(stack: Stack, http: ClientSession) -> Rasa:
    return Rasa(http, stack.rasa_url)


@pytest.fixture
def handovers(stack: Stack, http: ClientSession) -> Handovers:
    return Handovers(http, stack.channel_url)


@pytest_asyncio.fixture(loop_scope="session")
async def chat(stack: Stack, new_user_id: Callable[[], str]) -> AsyncIterator[Conversation]:
    """A conversation of a user whom nobody has met yet; faults end with it."""
    user = new_user_id()
    await stack.platform.add_user(user, "Grace")
    yield Conversation(stack, user)
    await stack.platform.call("DELETE", "faults")
