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
async def stacks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stacks]:
    """What makes stacks, for all tests of this process: to import Rasa once takes long enough."""
    forks = ForkServer(directory=PROJECT, log=tmp_path_factory.mktemp("forks") / "fork_server.log")
    await forks.start(QUIET)
    yield Stacks(forks, tmp_path_factory)
    await forks.stop()
