"""Sessions in which something is due: they are claimed, and worked on thread by thread."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from ..core.errors import ClaimLost, RasaUnavailable, StoreError
from ..core.sessions.session import Session, State
from ..dialogue.dialogue import Dialogue
from ..handover.handovers import Handovers
from ..instruments.clock import Clock
from ..instruments.log_fields import session_fields
from ..store.protocol import Store
from .inbox import Workload
from .queues import ThreadQueues

logger = logging.getLogger(__name__)

MOST_DUE = 100  # due sessions of a page that are in hand at once
DUE_BATCH = 100  # due sessions that are claimed at once


class DueSessions:
    """This worker's share of the due sessions. `queues` are those of the threads' events."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        queues: ThreadQueues,
        dialogue: Dialogue,
        handovers: Handovers,
        due: asyncio.Event,
    ) -> None:
        self._store = store
        self._clock = clock
        self._queues = queues
        self._settling = ThreadQueues()  # openings apart: in `queues`, events wait for their end
        self._dialogue = dialogue
        self._handovers = handovers
        self._due = due
        self._workload = Workload(most_of_a_page=MOST_DUE)

    async def claim(self) -> None:
        """Take what is due; nothing while no model is loaded, as Rasa could not be told of an end.

        Raises StoreError.
        """
        while self._dialogue.is_ready():
            due = await self._store.claim_due(
                self._clock.now(), limit=DUE_BATCH, without_pages=self._workload.full_pages()
            )
            for session in due:
                self._workload.take(session.thread)
                queues = self._settling if session.state is State.OPENING else self._queues
                queues.put(session.thread, partial(self._do, session))
            if len(due) < DUE_BATCH:
                return

    async def cancel(self) -> None:
        """Stop the openings where they are."""
        await self._settling.cancel()

    async def _do(self, due: Session) -> None:
        try:
            session = await self._store.session(due.id)
            if session is not None and due.state is State.OPENING:
                await self._handovers.settle(session)
                self._due.set()
            elif session is not None and session.is_open:
                await self._handovers.advance(session)
        except (RasaUnavailable, StoreError) as error:
            level = logging.ERROR if isinstance(error, StoreError) else logging.INFO
            logger.log(
                level,
                "A handover's next step is due and has to wait: %s",
                error,
                extra=session_fields(due),
            )
        except ClaimLost:
            logger.info("Another worker goes on with a session.", extra=session_fields(due))
        finally:
            if self._workload.is_full(due.thread.page):
                self._due.set()
            self._workload.let_go(due.thread)
