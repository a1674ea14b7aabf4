"""Keeps what users thought of a handover with the handover."""

from __future__ import annotations

import logging

from ..core.events import Thread
from ..core.sessions import transitions
from ..core.sessions.feedback import LATEST, Feedback, feedback_of
from ..core.sessions.session import Session
from ..instruments.clock import Clock
from ..instruments.log_fields import session_fields, thread_fields
from ..instruments.metrics import Metrics
from ..store.protocol import Store

logger = logging.getLogger(__name__)


class FeedbackKeeper:
    """Keeps users' answers with the handovers that they are about."""

    def __init__(self, *, store: Store, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics

    async def keep(self, thread: Thread, given: object) -> None:
        """Keep an answer with the thread's last handover that has ended; the last answer counts.

        `given` is the payload of an action or a response. What can't be kept is reported in the
        log, without what the user wrote.
        """
        session = await self._store.last_ended(thread)
        now = self._clock.now()
        if session is None or session.ended_at is None or now - session.ended_at > LATEST:
            logger.warning(
                "Feedback was given where no handover has ended within %d days; it is not kept. "
                "Ask for it after handover_ended.",
                LATEST.days,
                extra=thread_fields(thread),
            )
            return
        try:
            feedback = feedback_of(given, before=session.feedback, now=now)
        except ValueError as error:
            logger.error(
                "Feedback on a handover is not kept: %s Fix the action or the response.",
                error,
                extra=session_fields(session),
            )
            return
        await self._store_with(session, feedback)

    async def _store_with(self, session: Session | None, feedback: Feedback) -> None:
        while session is not None:  # until it is forgotten
            before = session.feedback
            if before and (before.score, before.comment) == (feedback.score, feedback.comment):
                return  # a turn that was taken again
            if await self._store.save_session(transitions.rated(session, feedback)):
                self._metrics.feedback.labels(str(feedback.score)).inc()
                logger.info("A user has rated a handover.", extra=session_fields(session))
                return
            session = await self._store.session(session.id)
