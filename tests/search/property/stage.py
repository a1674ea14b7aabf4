"""What all worlds of a run share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TypeVar

from tests.search.property.emulated_platform import EmulatedPlatform, emulated_platform

T = TypeVar("T")


class Stage:
    """An event loop with the emulator in it, and what was done there, in figures."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self.platform: EmulatedPlatform = self.run(
            self._stack.enter_async_context(emulated_platform())
        )
        self.steps = self.worlds = self.sessions = self.refused_sends = 0

    def run(self, action: Awaitable[T]) -> T:
        return self._loop.run_until_complete(action)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.close()

    def __str__(self) -> str:
        return (
            f"{self.steps} steps in {self.worlds} worlds with {self.sessions} sessions; "
            f"{self.refused_sends} sends that raced a takeover were refused"
        )


@contextmanager
def quiet_channels() -> Iterator[None]:
    """What goes wrong here is meant to: each world's own log keeps it, pytest's need not."""
    logger = logging.getLogger("channels")
    logger.propagate = False
    logger.setLevel(logging.ERROR)
    yield
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
