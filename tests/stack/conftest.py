"""What the tests share that run everything as real processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from demo.stack import PROJECT, QUIET
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.forks import ForkServer
from tests.stack.forks.told_logs import HAS_FAILED, tell_logs

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that may take longest: begun last, one would hold up all others."""
    files = {path for path in {item.path for item in items} if HERE in path.parents}
    ours = [item for item in items if item.path in files]
    limits: defaultdict[Path, float] = defaultdict(float)
    for item in ours:
        limit = item.get_closest_marker("timeout")
        limits[item.path] = max(limits[item.path], limit.args[0] if limit else 0)
    ours.sort(key=lambda item: -limits[item.path])
    items[:] = [*ours, *(item for item in items if item.path not in files)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[HAS_FAILED] = True
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
