"""Passing control of a thread to the agent's app, with as many tries as it takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ..core.briefing.pass_metadata import pass_metadata
from ..core.briefing.situation import Situation, context_url
from ..core.errors import (
    TRY_LATER,
    GraphError,
    GraphThrottled,
    GraphUnavailable,
    HandoverError,
    NotThreadOwner,
    ProcessDied,
)
from ..core.events import Thread
from ..core.meta.ownership import TOLD_ANOTHER
from ..core.sessions import transitions
from ..core.sessions.session import Session, State
from ..core.settings.settings import Settings
from ..graph.protocol import Graph
from ..instruments.log_fields import session_fields
from ..store.protocol import Store
from .ledger import Ledger

logger = logging.getLogger(__name__)

LONGEST_LOOK = timedelta(seconds=5)  # into the tracker, for the agent's sake
LAST_TEXTS = 10  # as many of the user's last messages are offered to the agent's app
FEWEST_TRIES = 3  # of a pass, whatever time they take


class Passing:
    """Passes control for sessions that are OPENING.

    `language` returns the assistant's NLU language, `situation` where a conversation stands;
    `typing_off` stops showing that the bot is typing.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graph: Graph,
        ledger: Ledger,
        language: Callable[[], str],
        situation: Callable[[Thread], Awaitable[Situation]],
        typing_off: Callable[[Thread], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._store = store
        self._graph = graph
        self._ledger = ledger
        self._language = language
        self._situation = situation
        self._typing_off = typing_off

    async def settle(self, session: Session) -> Session:
        """Go on with an opening that was cut short: has control been passed?"""
        if await self._store.waits_outgoing(session.thread):
            return await self._retry(session, _unsaid(), may_be_passed=False)
        try:
            owner = await self._graph.owner(session.thread)
        except GraphError as error:
            return await self._retry(session, error, may_be_passed=True)
        return await (
            self._activate(session) if owner in TOLD_ANOTHER else self.pass_control(session)
        )

    async def pass_control(self, session: Session) -> Session:
        """Pass control if the session is still OPENING, and everything said before has been sent.

        If it has not, or if Meta does not let us for now, this is tried again (`settle`) for as
        long as the plan's `pass-patience` lasts.
        """
        session, is_unsaid, texts = await asyncio.gather(
            self._ledger.reload(session),
            self._store.waits_outgoing(session.thread),
            self._store.last_user_texts(session.thread, limit=LAST_TEXTS),
        )
        if session.state is not State.OPENING:
            return session
        if is_unsaid:
            return await self._retry(session, _unsaid(), may_be_passed=False)
        return await self._pass(session, texts)

    async def _pass(self, session: Session, last_texts: list[str]) -> Session:
        await self._typing_off(session.thread)  # once control is passed, Meta refuses it
        try:
            async with self._ledger.step(session) as session:
                await self._graph.pass_control(
                    session.thread,
                    app_id=session.target_app_id,
                    metadata=await self._context(session, last_texts),
                )
        except ProcessDied as error:
            return await self._fail(session, error, may_be_passed=True)
        except NotThreadOwner:
            logger.info("Somebody has taken the thread already.", extra=session_fields(session))
        except GraphError as error:
            # Without an answer from Graph, control may have been passed nonetheless.
            no_answer = isinstance(error, GraphUnavailable)
            return await self._retry(session, error, may_be_passed=no_answer)
        return await self._activate(session)

    async def _context(self, session: Session, last_texts: list[str]) -> str:
        """What the agent's app is told; if that can't be read, the handover still goes on."""
        looking = self._situation(session.thread)
        try:
            situation = await asyncio.wait_for(looking, LONGEST_LOOK.total_seconds())
        except Exception as error:  # whatever Rasa's tracker store raises; it may quote the user
            logger.warning(
                "The agent's app is not told where the conversation stands (%s).",
                type(error).__name__,
                extra=session_fields(session),
            )
            situation = Situation()
        public_url, secret = self._settings.public_url, self._settings.secret
        return pass_metadata(
            session,
            language=self._language(),
            last_texts=last_texts,
            situation=situation,
            url=public_url and context_url(session, public_url=public_url, app_secret=secret),
        )

    async def _retry(self, session: Session, error: GraphError, *, may_be_passed: bool) -> Session:
        """Try again later; or fail, if that is no use, or the user has waited long enough.

        Whoever asked for the handover, what the user writes meanwhile waits.
        """
        patience_ends = session.opened_at + session.plan.pass_patience
        if isinstance(error, TRY_LATER):
            if session.waiting_since is not None and not may_be_passed:
                return await self._wait_again(session, error)
            # After a crash, the patience may be used up before the first try ends.
            if self._ledger.clock.now() < patience_ends or session.attempts < FEWEST_TRIES:
                return await self._ledger.postpone(session, error, before=patience_ends)
        return await self._fail(session, error, may_be_passed=may_be_passed)

    async def _wait_again(self, session: Session, error: GraphError) -> Session:
        logger.warning(
            "A waiting handover has to go on waiting: %s", error, extra=session_fields(session)
        )
        now = self._ledger.clock.now()
        allowed_at = now + error.retry_after if isinstance(error, GraphThrottled) else None
        return await self._ledger.keep(transitions.waiting_again(session, now), allowed_at)

    async def _activate(self, session: Session) -> Session:
        logger.info("Control of a thread has been passed.", extra=session_fields(session))
        activated = await self._ledger.change(
            session,
            lambda opening: transitions.activated(opening, self._ledger.clock.now()),
            only_while=State.OPENING,
        )
        return activated or await self._ledger.reload(session)

    async def _fail(
        self, session: Session, error: HandoverError, *, may_be_passed: bool
    ) -> Session:
        logger.error("A handover could not be made: %s", error, extra=session_fields(session))

        def step(opening: Session) -> Session:
            return transitions.failed(opening, self._ledger.clock.now(), regained=not may_be_passed)

        failed = await self._ledger.change(session, step, only_while=State.OPENING)
        return failed or await self._ledger.reload(session)


def _unsaid() -> GraphUnavailable:
    return GraphUnavailable("What the bot said before the handover is not sent yet")
