"""Telling Rasa of a handover's start or end: at most three times, or others would wait forever.

Each attempt is counted before it begins, so that one that crashes the process counts, too. A
second attempt runs alone, so that a crash can be blamed on it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

from ..core.errors import TRY_LATER, ClaimLost, RasaUnavailable, StoreError
from ..core.sessions import transitions
from ..core.sessions.session import Session
from ..instruments.log_fields import session_fields
from ..instruments.metrics import Metrics
from ..instruments.suspects import Suspects
from .ledger import Ledger

logger = logging.getLogger(__name__)

MOST_TELLINGS = 3
_NO_FAILURE = (StoreError, RasaUnavailable, *TRY_LATER)


class TellingAttempts:
    """Counts, for each session, how often Rasa was told in vain."""

    def __init__(self, *, ledger: Ledger, metrics: Metrics, suspects: Suspects) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._suspects = suspects

    async def tell(
        self, session: Session, tell: Callable[[Session], Awaitable[None]], *, what: str
    ) -> Session | None:
        """The session, once Rasa has heard; None if that has failed for the last time.

        `what` is "start" or "end". Raises RasaUnavailable if Rasa is to be told again later, and
        whatever keeps it from being told now, for example StoreError.
        """
        async with self._suspects.alone_at_first() if session.tellings else nullcontext():
            return await self._tell(session, tell, what)

    async def _tell(
        self, session: Session, tell: Callable[[Session], Awaitable[None]], what: str
    ) -> Session | None:
        counted = await self._ledger.change(
            session, transitions.telling, only_while=session.state, claimed=True
        )
        if counted is None:  # somebody else was faster, and has told it
            return session
        if counted.tellings > MOST_TELLINGS:
            self._give_up(counted, what)
            return None
        try:
            await tell(counted)
        except asyncio.CancelledError:  # by a stop: another worker should tell it, and at once
            await self._ledger.give_up(counted, _uncounted)
            raise
        except ClaimLost:  # another worker has the thread's turn, and tells Rasa
            raise
        except _NO_FAILURE as error:
            await self._again_later(await self._uncount(counted), error)
            raise
        except Exception as error:
            logger.exception(
                "Rasa has failed to handle a handover's %s.", what, extra=session_fields(counted)
            )
            if counted.tellings < MOST_TELLINGS:
                await self._again_later(counted, error)
                raise RasaUnavailable(f"Rasa is told of a handover's {what} once more.") from error
            self._give_up(counted, what)
            return None
        return counted

    async def _uncount(self, session: Session) -> Session:
        uncounted = await self._ledger.change(session, _uncounted, only_while=session.state)
        return uncounted or session

    async def _again_later(self, session: Session, error: Exception) -> None:
        latest = await self._ledger.reload(session)
        if latest.state is session.state:
            await self._ledger.postpone(latest, error)

    def _give_up(self, session: Session, what: str) -> None:
        self._metrics.untold.labels(what).inc()
        logger.error(
            "Rasa does not hear of a handover's %s: %d attempts failed or crashed the process. The "
            "bot goes on with the user. Fix the rule, the action or the component that the log "
            "lines above name; the slots of this user's tracker are as they were before.",
            what,
            MOST_TELLINGS,
            extra=session_fields(session),
        )


def _uncounted(told: Session) -> Session:
    return transitions.telling(told, times=-1)
