"""The echoes of our own messages: they prove that a send without an answer was carried out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ..core.errors import StoreError
from ..instruments.clock import STANDSTILL, Clock

logger = logging.getLogger(__name__)

LOOK_INTERVAL = timedelta(seconds=1)  # between looks for an echo that another worker has heard
MOST_REMEMBERED = 1000  # marks of messages that Meta has
MOST_UNECHOED = 50  # in a row, of those

HeardElsewhere = Callable[[str], Awaitable[bool]]


class Echoes:
    """The echoes that are waited for, by the marks of their messages (`app_secret.marked`).

    The webhook of an echo may reach another worker: `heard_elsewhere` says whether it did.
    """

    def __init__(self, clock: Clock, heard_elsewhere: HeardElsewhere | None) -> None:
        self._clock = clock
        self._heard_elsewhere = heard_elsewhere
        self._has_others = False
        self._awaited: dict[str, asyncio.Event] = {}
        self._arrived: dict[str, None] = {}
        self._unechoed = MOST_UNECHOED  # arrived since the last echo

    def share_among(self, workers: int) -> None:
        """This many workers get the webhooks of these echoes."""
        self._has_others = workers > 1

    @contextmanager
    def awaited(self, mark: str) -> Iterator[None]:
        """While inside, an echo with this mark counts."""
        echo = self._awaited[mark] = asyncio.Event()
        try:
            yield
            if not echo.is_set():
                self._unechoed += 1
                self._arrived[mark] = None
                if len(self._arrived) > MOST_REMEMBERED:
                    del self._arrived[next(iter(self._arrived))]
        finally:
            del self._awaited[mark]

    def heard(self, mark: str) -> None:
        echo = self._awaited.get(mark)
        if echo is not None:
            echo.set()
        if echo is not None or mark in self._arrived:
            self._arrived.pop(mark, None)
            self._unechoed = 0

    @property
    def come(self) -> bool:
        """Whether echoes follow the page's messages, as they do only if the app has subscribed."""
        return self._unechoed < MOST_UNECHOED

    async def heard_within(self, limit: timedelta, mark: str) -> bool:
        """Whether the echo has been heard already, or is heard within the limit.

        A process that stood still in the meantime waits once more: its webhooks waited for it.
        """
        began = self._clock.now()
        is_heard = await self._is_heard_by(began + limit, mark)
        if not is_heard and self._clock.now() - began > limit + STANDSTILL:
            return await self._is_heard_by(self._clock.now() + limit, mark)
        return is_heard

    async def _is_heard_by(self, until: datetime, mark: str) -> bool:
        echo = self._awaited[mark]
        while True:
            if echo.is_set() or await self._is_heard_elsewhere(mark):
                return True
            left = until - self._clock.now()
            if left <= timedelta():
                return False
            await self._wait(echo, min(left, LOOK_INTERVAL if self._has_others else left))

    async def _wait(self, echo: asyncio.Event, limit: timedelta) -> None:
        hearing = asyncio.ensure_future(echo.wait())
        waiting = asyncio.ensure_future(self._clock.sleep(limit))
        try:
            await asyncio.wait({hearing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hearing.cancel()
            waiting.cancel()

    async def _is_heard_elsewhere(self, mark: str) -> bool:
        if self._heard_elsewhere is None or not self._has_others:
            return False
        try:
            return await self._heard_elsewhere(mark)
        except StoreError as error:
            logger.warning("Nobody can tell whether a message has arrived: %s", error)
            return False
