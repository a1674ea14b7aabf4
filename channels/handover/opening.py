"""How a session begins: its plan, and passing control."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..core import transitions
from ..core.errors import TRY_LATER, GraphError, GraphThrottled, GraphUnavailable, NotThreadOwner
from ..core.events import Thread
from ..core.pass_metadata import pass_metadata
from ..core.plans import Plan
from ..core.routing import ANOTHER
from ..core.sessions import MESSAGING_WINDOW, Cause, Session, State
from ..core.settings import DEFAULT_PLAN, Settings
from ..graph.protocol import Graph
from ..instruments.log_fields import about_session, session_fields
from ..instruments.metrics import Metrics, started_by
from ..store.protocol import Store
from .ledger import Ledger

logger = logging.getLogger(__name__)

LAST_TEXTS = 10  # as many of the user's last messages are offered to the agent's app
MOST_IN_A_ROW = 5  # handovers, each asked for by the follow-up of the one before


class Openings:
    """Opens sessions. `language` tells the assistant's NLU language."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graph: Graph,
        ledger: Ledger,
        metrics: Metrics,
        language: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._store = store
        self._graph = graph
        self._ledger = ledger
        self._metrics = metrics
        self._language = language

    async def open(self, thread: Thread, wishes: Mapping[str, Any], cause: Cause) -> Session:
        """Open a session and pass control, as an action's payload wishes.

        Returns the session that the thread has then: the new one (ENDING if it failed), or the
        one that was open already. A turn that is repeated after a crash finds the session that
        it has led to, even if that has ended meanwhile.
        """
        known = await self._store.open_session(thread)
        if known is not None:
            return await self._already_open(known, wishes, cause)
        known = await self._store.session(cause.session_id)
        if known is not None:
            return known
        plan, is_known = self._plan(thread, wishes)
        session = transitions.opening(
            thread=thread,
            plan=plan,
            cause=cause,
            now=self._ledger.now(),
            user_at=await self._user_at(thread, cause),
        )
        if not await self._ledger.add(session, claimed=True):
            return await self.open(thread, wishes, cause)
        self._begin(session)
        if not is_known:
            failed = transitions.failed(session, self._ledger.now())
            return await self._ledger.keep(failed, self._ledger.claim())
        return await self._pass(session)

    async def adopt(self, thread: Thread, owner_app: str | None, cause: Cause) -> Session | None:
        """Open a session for a thread that somebody has taken; None if that was handled before.

        Where the thread has an open session already, that one is returned. A new one goes by the
        default plan, so that timeout, keywords and follow-up hold here too.
        """
        plan = self._settings.plans_of(thread.page)[DEFAULT_PLAN].spoken_in(self._language())
        session = transitions.adopted(
            thread=thread,
            plan=plan,
            cause=cause,
            owner_app=owner_app,
            now=self._ledger.now(),
            user_at=await self._user_at(thread, cause),
        )
        if not await self._ledger.add(session, claimed=False):
            return await self._store.open_session(thread)
        self._begin(session)
        logger.info("Somebody has taken a thread; a session begins.", extra=session_fields(session))
        return session

    async def grant(self, thread: Thread, app_id: str, cause: Cause) -> Session | None:
        """Open a session and pass control to the app that asks for it; None if that was done.

        Where the thread has an open session already, that one is returned. The new one goes by
        the default plan. While Graph does not answer it stays OPENING, and is settled later.
        """
        plan = self._settings.plans_of(thread.page)[DEFAULT_PLAN].overridden({"target_app": app_id})
        session = transitions.opening(
            thread=thread,
            plan=plan.spoken_in(self._language()),
            cause=cause,
            now=self._ledger.now(),
            user_at=await self._user_at(thread, cause),
            is_asked_for=True,
        )
        if not await self._ledger.add(session, claimed=True):
            return await self._store.open_session(thread)
        self._begin(session)
        return await self._pass(session)

    def next_of(self, session: Session) -> Session | None:
        """The session that the follow-up of an ending one has asked for; None if it has not."""
        if session.next_wishes is None:
            return None
        plan, is_known = self._plan(session.thread, session.next_wishes)
        now = self._ledger.now()
        following = transitions.following(session, plan, now)
        return following if is_known else transitions.failed(following, now)

    async def begin(self, session: Session) -> Session:
        """Pass control for a session that has just been stored, unless it has failed already."""
        self._begin(session)
        return await self._pass(session) if session.state is State.OPENING else session

    async def settle(self, session: Session) -> Session:
        """Go on with an opening that a crash cut short: has control been passed?"""
        try:
            owner = await self._graph.owner(session.thread)
        except TRY_LATER as error:
            return await self._ledger.postpone(session, error)
        except GraphError as error:
            return await self._fail(session, error, may_be_passed=True)
        return await (self._activate(session) if owner in ANOTHER else self._pass(session))

    def _begin(self, session: Session) -> None:
        about_session(session)
        self._metrics.opened.labels(started_by(session)).inc()

    def _plan(self, thread: Thread, wishes: Mapping[str, Any]) -> tuple[Plan, bool]:
        """The plan for one session, and whether the wished-for one is known.

        A wrong override is left out: a handover by the plan's own settings is better than none.
        """
        name, plans = wishes.get("plan") or DEFAULT_PLAN, self._settings.plans_of(thread.page)
        plan = plans.get(name) if isinstance(name, str) else None
        if plan is None:
            logger.error(
                "An action asked for a handover by a plan that credentials.yml does not have; it "
                "has %s. Mend the action's plan or the slot handover_plan.",
                ", ".join(sorted(plans)),
            )
            return plans[DEFAULT_PLAN], False
        for key, value in wishes.items():
            if key != "plan":
                plan = _overridden(plan, key, value)
        return plan.spoken_in(self._language()), True

    async def _user_at(self, thread: Thread, cause: Cause) -> datetime:
        """When the user last wrote; if nothing tells, too long ago for Meta to take messages."""
        return await self._store.last_user_at(thread) or cause.at - MESSAGING_WINDOW

    async def _already_open(
        self, session: Session, wishes: Mapping[str, Any], cause: Cause
    ) -> Session:
        """The open session as it goes on; another worker may be at it, unless the cause is ours."""
        is_repeated = session.id == cause.session_id
        if session.regained and not is_repeated:
            return await self._ask_for_next(session, wishes, cause)
        logger.info(
            "A handover was asked for while one is open in the thread; it goes on unchanged.",
            extra=session_fields(session),
        )
        is_cut_short = is_repeated and session.state is State.OPENING
        return await self.settle(session) if is_cut_short else session

    async def _ask_for_next(
        self, session: Session, wishes: Mapping[str, Any], cause: Cause
    ) -> Session:
        """The follow-up wants the next handover: it begins when the follow-up is over."""
        if transitions.next_in_row(session) >= MOST_IN_A_ROW:
            logger.error(
                "Follow-ups asked for %d handovers in a row while nobody said anything; the next "
                "one is not made. Let the rule for handover_end_reason '%s' end somewhere.",
                MOST_IN_A_ROW,
                session.reason.value if session.reason else None,
                extra=session_fields(session),
            )
            return session
        logger.info(
            "The next handover is asked for; it begins when this one has ended.",
            extra=session_fields(session),
        )
        asked = await self._ledger.change(
            session,
            lambda ending: transitions.next_asked_for(ending, wishes),
            only_while=State.ENDING,
            claimed=True,
        )
        return asked or await self.open(session.thread, wishes, cause)

    async def _pass(self, session: Session) -> Session:
        texts = await self._store.last_user_texts(session.thread, limit=LAST_TEXTS)
        metadata = pass_metadata(session, language=self._language(), last_texts=texts)
        try:
            await self._graph.pass_control(
                session.thread, app_id=session.target_app_id, metadata=metadata
            )
        except NotThreadOwner:
            logger.info("Somebody has taken the thread already.", extra=session_fields(session))
        except GraphError as error:
            # A rate limit passes; and no user waits for what another app has asked for.
            if isinstance(error, GraphThrottled if session.is_announced else TRY_LATER):
                return await self._ledger.postpone(session, error)
            # Without an answer from Graph, control may have been passed all the same.
            no_answer = isinstance(error, GraphUnavailable)
            return await self._fail(session, error, may_be_passed=no_answer)
        return await self._activate(session)

    async def _activate(self, session: Session) -> Session:
        logger.info("Control of a thread has been passed.", extra=session_fields(session))
        return await self._ledger.keep(transitions.activated(session, self._ledger.now()))

    async def _fail(self, session: Session, error: GraphError, *, may_be_passed: bool) -> Session:
        logger.error("A handover could not be made: %s", error, extra=session_fields(session))
        failed = transitions.failed(session, self._ledger.now(), regained=not may_be_passed)
        return await self._ledger.keep(failed, self._ledger.claim())


def _overridden(plan: Plan, key: str, value: object) -> Plan:
    try:
        return plan.overridden({key: value})
    except ValueError as error:
        logger.error("An action's wish for a handover is left out: %s", error)
        return plan
