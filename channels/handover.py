"""The life of a session against the outside world: store, Meta, Rasa.

Each step is stored before the next one begins, so that whatever dies, another worker goes on
from there; each way to end goes through `end`, and only the one that the store lets win counts.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from . import sessions
from .clock import Clock
from .context import pass_metadata, return_metadata
from .errors import (
    GraphError,
    GraphThrottled,
    GraphUnavailable,
    NotThreadOwner,
    TokenRefused,
    UserUnreachable,
)
from .events import Thread
from .graph import Graph
from .log_fields import thread_hash
from .plans import Plan
from .routing import Owner
from .sessions import Cause, EndReason, Session, Speaker, State
from .settings import DEFAULT_PLAN, Settings
from .store import CLAIM_LEASE, Store

logger = logging.getLogger(__name__)

LAST_TEXTS = 10  # as many of the user's last messages are offered to the agent's app
_TRY_LATER = (GraphUnavailable, GraphThrottled, TokenRefused)


class Handovers:
    """Opens, watches and ends the sessions of all threads.

    `language` tells the assistant's NLU language; `tell_rasa` lets Rasa handle
    `handover_ended` and returns once it has.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graph: Graph,
        clock: Clock,
        language: Callable[[], str],
        tell_rasa: Callable[[Session], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._store = store
        self._graph = graph
        self._clock = clock
        self._language = language
        self._tell_rasa = tell_rasa

    async def is_silent(self, thread: Thread) -> bool:
        """Whether a session keeps the bot from writing to the thread."""
        session = await self._store.open_session(thread)
        return session is not None and not session.regained

    async def open(self, thread: Thread, wishes: Mapping[str, Any], cause: Cause) -> Session:
        """Open a session and pass control, as an action's payload wishes.

        Returns the session that the thread has then: the new one (ENDING if it failed), or the
        one that was open already. A turn that is repeated after a crash finds the session that
        it has led to, even if that has ended meanwhile.
        """
        known = await self._store.open_session(thread)
        if known is not None:
            return await self._already_open(known)
        known = await self._store.session(cause.session_id)
        if known is not None:
            return known
        plan, is_known = self._plan(wishes)
        now = self._clock.now()
        session = sessions.opening(
            session_id=cause.session_id, thread=thread, plan=plan, cause_at=cause.at, now=now
        )
        if not await self._store.add_session(session, claim_until=self._claim()):
            return await self.open(thread, wishes, cause)
        if not is_known:
            return await self._store_or_reload(sessions.failed(session, now), self._claim())
        return await self._pass(session)

    async def end(self, session: Session, reason: EndReason) -> Session | None:
        """End an active session for `reason`; None if another reason was faster.

        The session is then ENDING: `advance` carries it to its end.
        """
        while session.state is State.ACTIVE:
            ending = sessions.ending(session, reason, self._clock.now())
            if await self._store.save_session(ending, claim_until=self._claim()):
                logger.info("A handover ends: %s.", reason.value, extra=_fields(ending))
                return ending
            session = await self._reload(session)
        return None

    async def hear(self, session: Session, speaker: Speaker) -> Session:
        """Count what was said in an active session."""
        while session.state is State.ACTIVE:
            heard = sessions.heard(session, speaker)
            if await self._store.save_session(heard):
                return heard
            session = await self._reload(session)
        return session

    async def regain(self, session: Session) -> Session | None:
        """Meta has shown that an ending session's thread is ours again; None if it ends no more."""
        while session.state is State.ENDING:
            if session.regained:
                return session
            regained = sessions.regained(session, self._clock.now())
            if await self._store.save_session(regained, claim_until=self._claim()):
                return regained
            session = await self._reload(session)
        return None

    async def advance(self, session: Session) -> None:
        """Do what is due: settle an opening, end at the deadline, carry an end through."""
        if session.state is State.OPENING:
            session = await self._settle(session)
        if session.state is State.ACTIVE and _is_due(session, self._clock.now()):
            session = await self.end(session, EndReason.TIMEOUT) or session
        if session.state is State.ENDING and not session.regained:
            session = await self._take_back(session)
        if session.state is State.ENDING and session.regained:
            await self._finish(session)

    def _plan(self, wishes: Mapping[str, Any]) -> tuple[Plan, bool]:
        """The plan for one session, and whether the wished-for one is known.

        A wrong override is left out: a handover by the plan's own settings is better than none.
        """
        name = wishes.get("plan") or DEFAULT_PLAN
        plan = self._settings.plans.get(name) if isinstance(name, str) else None
        if plan is None:
            logger.error(
                "An action asked for a handover by a plan that credentials.yml does not have; it "
                "has %s. Mend the action's plan or the slot handover_plan.",
                ", ".join(sorted(self._settings.plans)),
            )
            return self._settings.default_plan, False
        for key, value in wishes.items():
            if key != "plan":
                plan = _overridden(plan, key, value)
        return plan.spoken_in(self._language()), True

    async def _already_open(self, session: Session) -> Session:
        if session.regained:
            logger.warning(
                "The follow-up of a handover asked for the next one, which can't begin before the "
                "follow-up is over; it is not made. Let a button of the follow-up ask for it.",
                extra=_fields(session),
            )
            return session
        logger.info(
            "A handover was asked for while one is open in the thread; it goes on unchanged.",
            extra=_fields(session),
        )
        return await self._settle(session) if session.state is State.OPENING else session

    async def _settle(self, session: Session) -> Session:
        """Go on with an opening that a crash cut short: has control been passed?"""
        try:
            owner = await self._graph.owner(session.thread)
        except _TRY_LATER as error:
            return await self._postpone(session, error)
        except GraphError as error:
            return await self._fail(session, error, may_be_passed=True)
        if owner in (Owner.ANOTHER_APP, Owner.UNNAMED):
            return await self._activate(session)
        return await self._pass(session)

    async def _pass(self, session: Session) -> Session:
        texts = await self._store.last_user_texts(session.thread, limit=LAST_TEXTS)
        metadata = pass_metadata(session, language=self._language(), last_texts=texts)
        try:
            await self._graph.pass_control(
                session.thread, app_id=session.plan.target_app_id, metadata=metadata
            )
        except NotThreadOwner:
            logger.info("Somebody has taken the thread already.", extra=_fields(session))
        except GraphError as error:
            # Without an answer from Graph, control may have been passed all the same.
            no_answer = isinstance(error, GraphUnavailable)
            return await self._fail(session, error, may_be_passed=no_answer)
        return await self._activate(session)

    async def _activate(self, session: Session) -> Session:
        logger.info("Control of a thread has been passed.", extra=_fields(session))
        return await self._store_or_reload(sessions.activated(session, self._clock.now()))

    async def _fail(self, session: Session, error: GraphError, *, may_be_passed: bool) -> Session:
        logger.error("A handover could not be made: %s", error, extra=_fields(session))
        failed = sessions.failed(session, self._clock.now(), regained=not may_be_passed)
        return await self._store_or_reload(failed, self._claim())

    async def _take_back(self, session: Session) -> Session:
        try:
            await self._take(session)
        except _TRY_LATER as error:
            logger.warning("A thread can't be taken back yet: %s", error, extra=_fields(session))
            return await self._postpone(session, error)
        except UserUnreachable:
            logger.info("The user is gone; the session ends.", extra=_fields(session))
        except GraphError as error:
            logger.error(
                "A thread can't be taken back, so the user stays with the agent: %s",
                error,
                extra=_fields(session),
            )
            return await self._store_or_reload(sessions.left_with_agent(session))
        return await self.regain(session) or await self._reload(session)

    async def _take(self, session: Session) -> None:
        """Take the thread. That Meta refuses does no harm where nobody else has it."""
        try:
            await self._graph.take_control(session.thread, metadata=return_metadata(session))
        except _TRY_LATER:
            raise
        except GraphError:
            if await self._graph.owner(session.thread) not in (Owner.OURS, Owner.IDLE):
                raise

    async def _finish(self, session: Session) -> None:
        try:
            await self._tell_rasa(session)
        except Exception as error:
            await self._postpone(session, error)
            raise
        await self._store_or_reload(sessions.ended(session))

    async def _postpone(self, session: Session, error: Exception) -> Session:
        """Try the step under way later, and not before a rate limit is over."""
        now = self._clock.now()
        allowed_at = now + error.retry_after if isinstance(error, GraphThrottled) else None
        return await self._store_or_reload(sessions.postponed(session, now), allowed_at)

    async def _store_or_reload(
        self, session: Session, claim_until: datetime | None = None
    ) -> Session:
        """Store the next version; where another worker was faster, what it has stored."""
        if await self._store.save_session(session, claim_until=claim_until):
            return session
        return await self._reload(session)

    async def _reload(self, session: Session) -> Session:
        stored = await self._store.session(session.id)
        return stored if stored is not None else sessions.ended(session)

    def _claim(self) -> datetime:
        return self._clock.now() + CLAIM_LEASE


def _overridden(plan: Plan, key: str, value: object) -> Plan:
    try:
        return plan.overridden({key: value})
    except ValueError as error:
        logger.error("An action's wish for a handover is left out: %s", error)
        return plan


def _is_due(session: Session, now: datetime) -> bool:
    return session.due_at is not None and session.due_at <= now


def _fields(session: Session) -> dict[str, str]:
    return {
        "session": session.id,
        "plan": session.plan.name,
        "thread_hash": thread_hash(session.thread),
    }
