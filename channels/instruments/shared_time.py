"""The time that several workers share: the database's, by which they date what they store."""

from __future__ import annotations

import logging
from datetime import timedelta

from ..store.protocol import Store
from .clock import Clock, SharedClock

logger = logging.getLogger(__name__)

MOST_QUESTIONS = 3  # in a row, to ask the database for its time
LONGEST_QUESTION = timedelta(seconds=1)  # after which the answer says too little
SET_BACK = timedelta(seconds=30)  # if the time has gone back by more, the clock was set back


class SharedTime:
    """Sets the shared clock, and corrects dates that were stored while it was ahead."""

    def __init__(self, *, store: Store, clock: SharedClock, own_clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._own_clock = own_clock
        self._has_agreed = False

    async def agree(self) -> None:
        """Agree with the database on the time, if several workers share it. Raises StoreError."""
        for _ in range(MOST_QUESTIONS):
            after, shared_before = self._own_clock.now(), self._clock.now()
            told = await self._store.time()
            before = self._own_clock.now()
            if told is None:
                return
            if before - after <= LONGEST_QUESTION:
                self._clock.set_by(told, after=after, before=before)
                if self._has_agreed and self._clock.now() < shared_before - SET_BACK:
                    logger.warning("The database's clock was set back.")
                    await self.correct_dates()
                self._has_agreed = True
                return

    async def correct_dates(self) -> None:
        """Make due what was put off for longer than any step waits. Raises StoreError."""
        await self._store.correct_dates(self._clock.now())
