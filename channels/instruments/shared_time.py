"""The time that several workers share: the database's, by which all of them store."""

from __future__ import annotations

import logging
from datetime import timedelta

from ..store.protocol import Store
from .clock import Clock, SharedClock

logger = logging.getLogger(__name__)

MOST_QUESTIONS = 3  # in a row to the database, what time it is
LONGEST_QUESTION = timedelta(seconds=1)  # or the answer says too little
SET_BACK = timedelta(seconds=30)  # a clock that is this much behind what it was


class SharedTime:
    """Sets the shared clock, and corrects what was stored by one that was ahead."""

    def __init__(self, *, store: Store, clock: SharedClock, own_clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._own_clock = own_clock
        self._has_agreed = False

    async def agree(self) -> None:
        """Agree with the database on the time, where several workers share it."""
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
        """Make due what would not be looked at for longer than any step takes."""
        await self._store.correct_dates(self._clock.now())
