"""A world with one worker, and what its log says.

Rasa is imported where it is asked for: pytest's first process reads this too, and runs no test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scenario.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    from tests.scenario.world import World

    world = World()
    await world.start()
    yield world
    await world.kill()


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The errors that have been logged."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
