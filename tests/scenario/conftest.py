"""A world with one worker, and what its log says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.scenario.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.start()
    yield world
    await world.kill()


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The errors that have been logged."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
