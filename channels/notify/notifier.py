"""Tells operators what the store has for them, each target at its own pace."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ..core.meta.backoff import Backoff
from ..core.notices import KEPT_TRYING, NoticeEntry
from ..instruments.clock import Clock
from ..instruments.metrics import Metrics
from ..instruments.rare_lines import RareLine
from ..store.protocol import Store
from .targets import NotTaken, Target

logger = logging.getLogger(__name__)

PAUSES = Backoff(first=timedelta(seconds=2), longest=timedelta(minutes=5))
LOG_INTERVAL = timedelta(minutes=5)


class Notifier:
    """Tells one target what is due. It tries one notice at a time.

    While the target is unavailable all notices pause, for longer and longer. If it refuses just one
    notice, that one is retried by itself, and holds back only those of its session.
    """

    def __init__(
        self, *, name: str, shown: str, target: Target, store: Store, clock: Clock, metrics: Metrics
    ) -> None:
        self._name = name
        self._shown = shown
        self._target = target
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._misses = 0
        self._away_until: datetime | None = None
        self._line = RareLine(LOG_INTERVAL)

    async def tell_due(self) -> None:
        """Tell all that is due now, as long as the target takes it. Raises StoreError."""
        while not self._is_away():
            entry = await self._store.claim_notice(self._name, self._clock.now())
            if entry is None:
                return
            await self._tell(entry)

    async def close(self) -> None:
        await self._target.close()

    def _is_away(self) -> bool:
        return self._away_until is not None and self._clock.now() < self._away_until

    async def _tell(self, entry: NoticeEntry) -> None:
        try:
            await self._target.tell(entry.notice, self._clock.wall())
        except NotTaken as error:
            await self._retry(entry, error)
            return
        self._misses, self._away_until = 0, None
        self._metrics.notices.labels("told").inc()
        await self._store.notice_told(entry.position)

    async def _retry(self, entry: NoticeEntry, error: NotTaken) -> None:
        now = self._clock.now()
        if error.is_away:
            self._away_until = now + PAUSES.pause(before=self._misses)
            self._misses += 1
        again_at: datetime | None = now + PAUSES.pause(before=entry.failures)
        if now >= entry.notice.at + KEPT_TRYING:
            again_at = None
            logger.error(
                "Operators were not told what has happened: %s did not take a notice for a day "
                "(%s). It is given up; look at 'notify' in credentials.yml.",
                self._shown,
                error,
                extra={"session_id": entry.notice.session_id},
            )
        elif times := self._line.times(now):
            logger.warning(
                "%s does not take notices for operators now (%s; %d times since the last such "
                "line). They are tried again for a day.",
                self._shown,
                error,
                times,
            )
        self._metrics.notices.labels("dead" if again_at is None else "failed").inc()
        await self._store.notice_failed(entry.position, now, again_at=again_at)
