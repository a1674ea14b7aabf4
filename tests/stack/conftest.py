"""What the tests share that run everything as real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio

from demo.stack import PROJECT, QUIET
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.forks import ForkServer
from tests.stack.forks.told_logs import tell_logs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    tell_logs(report, item.funcargs.values())
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stacks(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> AsyncIterator[Stacks]:
    """What makes stacks, from a fork server that all processes of this run share: to import Rasa
    once takes long enough.
    """
    its_own = tmp_path_factory.getbasetemp()
    place = (its_own if worker_id == "master" else its_own.parent) / "forks"
    forks = ForkServer(directory=PROJECT, place=place)
    await forks.start(QUIET)
    yield Stacks(forks, tmp_path_factory)
    await forks.stop()
