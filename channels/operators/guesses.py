"""Wrong admin tokens: guessing leaves a trace, and is answered more and more slowly."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ..instruments.clock import Clock
from ..instruments.rare_lines import RareLine

logger = logging.getLogger(__name__)

FREE_GUESSES = 3  # people mistype
FIRST_DELAY = timedelta(milliseconds=250)  # then twice as long each time
LONGEST_DELAY = timedelta(seconds=4)
FORGOTTEN_AFTER = timedelta(minutes=5)  # without another wrong token
MOST_DELAYED = 20  # requests that are held up at once; any others are answered without a delay
LOG_INTERVAL = timedelta(minutes=1)


class Guesses:
    """Counts wrong tokens, from wherever they come: behind a proxy all callers look alike.

    Only the refusal is delayed, so nobody can lock out an operator who has the right token, and
    the requests that are held up do not pile up. What protects the API is the token's length; the
    delay slows down anybody who tries one token after another.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guesses = 0
        self._last_at: datetime | None = None
        self._delayed = 0
        self._line = RareLine(LOG_INTERVAL)

    async def refuse(self, caller: str) -> None:
        """Note a wrong token, and return when it may be answered. `caller` is an address."""
        now = self._clock.now()
        times = self._line.times(now)
        if times:
            logger.warning(
                "The operator API was called with a wrong admin token (%d times since the last "
                "such line, now from %s). Unless one of your tools has an old token, somebody "
                "is guessing: have a proxy or a firewall keep strangers away from /handovers.",
                times,
                caller,
            )
        delay = self._delay(now)
        if delay and self._delayed < MOST_DELAYED:
            self._delayed += 1
            try:
                await self._clock.sleep(delay)
            finally:
                self._delayed -= 1

    def _delay(self, now: datetime) -> timedelta:
        if self._last_at is not None and now - self._last_at > FORGOTTEN_AFTER:
            self._guesses = 0
        self._last_at = now
        self._guesses += 1
        doublings = self._guesses - FREE_GUESSES - 1
        if doublings < 0:
            return timedelta()
        return min(FIRST_DELAY * 2.0 ** min(doublings, 10), LONGEST_DELAY)
