"""Sessions that wait for the plan's hours, while the bot goes on talking."""

from __future__ import annotations

import logging
from datetime import timedelta

from ..core.events import Thread
from ..core.sessions import transitions
from ..core.sessions.session import Cause, EndReason, Session, State, deadline
from ..instruments.log_fields import session_fields
from ..instruments.metrics import Metrics
from ..store.protocol import Store
from .ledger import Ledger

logger = logging.getLogger(__name__)

_MOMENT = timedelta(microseconds=1)


class WaitingRoom:
    """What happens to waiting sessions; each method returns the session as it is afterwards."""

    def __init__(self, *, store: Store, ledger: Ledger, metrics: Metrics) -> None:
        self._store = store
        self._ledger = ledger
        self._metrics = metrics

    async def look(self, session: Session) -> Session:
        """Open a waiting session once somebody is there, or end it if it has waited too long."""
        now, ends = self._ledger.clock.now(), deadline(session)
        if session.plan.is_open(now):
            return await self.open(session)
        if ends is not None and ends[0] <= now:
            return await self.end(session, ends[1])
        if session.due_at is not None and session.due_at <= now:
            return await self._ledger.keep(transitions.waiting_on(session, now))
        return session

    async def open(self, session: Session, *, target_app: str | None = None) -> Session:
        """Somebody is there, so control is to be passed; to `target_app`, if that has asked."""
        user_at = await self._store.last_user_at(session.thread)

        def step(waiting: Session) -> Session:
            now = self._ledger.clock.now()
            return transitions.opened(waiting, now, user_at=user_at, target_app=target_app)

        opening = await self._ledger.change(session, step, only_while=State.WAITING, claimed=True)
        if opening is None:
            return await self._ledger.reload(session)
        logger.info("A waiting handover now begins.", extra=session_fields(opening))
        return opening

    async def taken(self, session: Session, owner_app: str | None, cause: Cause) -> Session:
        """Somebody has taken the thread before the hours began."""

        def step(waiting: Session) -> Session:
            return transitions.taken(waiting, owner_app, cause, self._ledger.clock.now())

        active = await self._ledger.change(session, step, only_while=State.WAITING)
        return active or await self._ledger.reload(session)

    async def replace(
        self, session: Session, following: Session, *, claimed: bool
    ) -> Session | None:
        """Replace a waiting session with another one, without telling Rasa that it ended.

        Returns the other one as stored; None if the first is no longer waiting.
        """
        # Before the other one, which may be over at once: that is the last of which Rasa hears.
        replaced = transitions.replaced(session, following.opened_at - _MOMENT)
        stored = await self._ledger.follow(replaced, following, claimed=claimed)
        if stored is None:
            return None
        self._metrics.ended.labels(EndReason.CANCELLED.value).inc()
        logger.info("Another handover is asked for instead.", extra=session_fields(replaced))
        return stored[1]

    async def cancel(self, thread: Thread) -> None:
        """End the thread's waiting session, because the dialogue asks for it."""
        session = await self._store.open_session(thread)
        if session is not None and session.is_waiting:
            await self.end(session, EndReason.CANCELLED)
            return
        logger.info(
            "A handover was to be cancelled, but none is waiting: nothing was changed.",
            extra=session_fields(session) if session is not None else None,
        )

    async def end(self, session: Session, reason: EndReason) -> Session:
        """End a waiting session for `reason`; control was never passed."""
        user_at = await self._store.last_user_at(session.thread)

        def step(waiting: Session) -> Session:
            return transitions.ending(waiting, reason, self._ledger.clock.now(), user_at=user_at)

        ending = await self._ledger.change(session, step, only_while=State.WAITING)
        if ending is None:
            return await self._ledger.reload(session)
        logger.info(
            "A handover ended before it began: %s.", reason.value, extra=session_fields(ending)
        )
        return ending
