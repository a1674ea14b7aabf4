"""How a session begins: who asked for it, and under which plan."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..core.events import Thread
from ..core.plans import Plan
from ..core.sessions import transitions
from ..core.sessions.session import (
    LOOP_PERIOD,
    MESSAGING_WINDOW,
    Cause,
    EndReason,
    Session,
    State,
    is_loop,
)
from ..core.settings.settings import DEFAULT_PLAN, Settings
from ..instruments.log_fields import about_session, session_fields, thread_fields
from ..instruments.metrics import Metrics, started_by
from ..instruments.rare_lines import RareLine
from ..store.protocol import Store
from .ledger import Ledger
from .waiting import WaitingRoom

logger = logging.getLogger(__name__)

LOOKED_AT = 20  # sessions of a thread, to find out whether they begin in a loop, or for failures
FAILURE_PAUSE = timedelta(hours=1)  # between handovers of a thread because the bot has failed
MOST_IN_A_ROW = 5  # handovers, each asked for by the follow-up of the one before


class Openings:
    """Opens sessions; `language` returns the assistant's NLU language."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        ledger: Ledger,
        metrics: Metrics,
        waiting_room: WaitingRoom,
        language: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self._metrics = metrics
        self._waiting_room = waiting_room
        self._language = language
        self._loop_line = RareLine(timedelta(minutes=1))

    async def may_step_in(self, thread: Thread) -> bool:
        """Whether to hand a thread over because the bot has failed.

        Not if the settings switch that off, and not again within FAILURE_PAUSE, whatever handovers
        there were meanwhile: a bot that stays broken would bounce the user back and forth.
        """
        if self._settings.on_failure is None:
            return False
        recent = await self._store.recent_sessions(thread, limit=LOOKED_AT)
        since = self._ledger.clock.now() - FAILURE_PAUSE
        return not any(one.has_bot_failed and one.opened_at > since for one in recent)

    async def open(
        self,
        thread: Thread,
        wishes: Mapping[str, Any],
        cause: Cause,
        *,
        has_bot_failed: bool = False,
    ) -> Session:
        """Open a session, as an action's payload asks; `Passing` passes control later.

        Returns the session that the thread has then: the new one, or one that was open already.
        The new one is ENDING if its plan is unknown; outside the plan's hours it is ENDING or
        WAITING. A turn that is repeated after a crash finds the session that it has led to, even if
        that has ended meanwhile.
        """
        known, user_at = await asyncio.gather(
            self._store.open_session(thread), self._user_at(thread, cause)
        )
        if known is not None and (not known.is_waiting or cause.has_led_to(known)):
            return await self._already_open(known, wishes, cause)
        repeated = known and await self._store.session(cause.session_id)
        if repeated is not None:
            return repeated
        session = self._new(thread, wishes, cause, user_at, has_bot_failed=has_bot_failed)
        if known is not None and self._waits_on(known, session):
            return known
        is_opening = session.state is State.OPENING
        if known is None:
            stored = await self._ledger.add(session, claimed=is_opening)
        else:
            stored = await self._waiting_room.replace(known, session, claimed=is_opening)
        if stored is not None:
            self.note_beginning(stored)
            return stored
        # The turn is repeated, or somebody was faster.
        return await self._store.session(cause.session_id) or await self.open(
            thread, wishes, cause, has_bot_failed=has_bot_failed
        )

    def _new(
        self,
        thread: Thread,
        wishes: Mapping[str, Any],
        cause: Cause,
        user_at: datetime,
        *,
        has_bot_failed: bool,
    ) -> Session:
        plan, is_known = self._plan(thread, wishes)
        now = self._ledger.clock.now()
        session = transitions.opening(
            thread=thread, plan=plan, cause=cause, now=now, user_at=user_at
        )
        if has_bot_failed:
            session = transitions.on_failure(session)
        return transitions.by_hours(session, now) if is_known else transitions.unknown(session, now)

    def _waits_on(self, waiting: Session, wished: Session) -> bool:
        """Whether a waiting session goes on: the same plan is asked for, or an unknown one."""
        is_same = wished.plan.name == waiting.plan.name and wished.state is not State.OPENING
        is_unknown = wished.reason is EndReason.FAILED
        if is_same or is_unknown:
            logger.info("A waiting handover goes on waiting.", extra=session_fields(waiting))
        return is_same or is_unknown

    async def adopt(
        self, thread: Thread, owner_app: str | None, cause: Cause, *, is_owned: bool = True
    ) -> Session | None:
        """Open a session for a thread that somebody has taken; None if that was handled before.

        If the thread has an open session already, that one is returned, and no longer waits. A new
        one follows the default plan, so that timeout, keywords and follow-up apply here, too. None,
        too, if too many have begun like that: then what Meta says about the thread contradicts
        itself.
        """
        recent = await self._store.recent_sessions(thread, limit=LOOKED_AT)
        is_free = not recent or not recent[0].is_open
        if is_free and is_loop(recent, self._ledger.clock.now()):
            self._note_loop(thread)
            return None
        plan = self._settings.plans_of(thread.page)[DEFAULT_PLAN].spoken_in(self._language())
        session = transitions.adopted(
            thread=thread,
            plan=plan,
            cause=cause,
            owner_app=owner_app,
            now=self._ledger.clock.now(),
            user_at=await self._user_at(thread, cause),
            is_owned=is_owned,
        )
        stored = await self._ledger.add(session, claimed=False)
        if stored is None:
            known = await self._store.open_session(thread)
            if known is not None and known.is_waiting:
                return await self._waiting_room.taken(known, owner_app, cause)
            return known
        self.note_beginning(stored)
        logger.info("Somebody has taken a thread; a session begins.", extra=session_fields(stored))
        return stored

    def _note_loop(self, thread: Thread) -> None:
        self._metrics.loops.inc()
        times = self._loop_line.times(self._ledger.clock.now())
        if times:
            logger.error(
                "Handovers that nobody asked for begin and end in a row in a thread, so none is "
                "begun there for %d minutes (%d times since the last such line). Meta lets another "
                "app write there and says that nobody has the thread: see in Business Suite which "
                "apps and automations answer there.",
                LOOP_PERIOD // timedelta(minutes=1),
                times,
                extra=thread_fields(thread),
            )

    async def grant(self, thread: Thread, app_id: str, cause: Cause) -> Session | None:
        """Open a session for an app that asks for the thread; None if that was done before.

        If the thread has an open session already, that one is returned. A new one follows the
        default plan, and `Passing` passes control.
        """
        plan = self._settings.plans_of(thread.page)[DEFAULT_PLAN].overridden({"target_app": app_id})
        session = transitions.opening(
            thread=thread,
            plan=plan.spoken_in(self._language()),
            cause=cause,
            now=self._ledger.clock.now(),
            user_at=await self._user_at(thread, cause),
            is_asked_for=True,
        )
        stored = await self._ledger.add(session, claimed=True)
        if stored is None:
            known = await self._store.open_session(thread)
            if known is not None and known.is_waiting:
                return await self._waiting_room.open(known, target_app=app_id)
            return known
        self.note_beginning(stored)
        return stored

    def next_of(self, session: Session) -> Session | None:
        """The session that an ending one's follow-up has asked for; None if it has not."""
        if session.next_wishes is None:
            return None
        plan, is_known = self._plan(session.thread, session.next_wishes)
        now = self._ledger.clock.now()
        following = transitions.following(session, plan, now, at=self._ledger.clock.metas())
        if not is_known:
            return transitions.unknown(following, now)
        return transitions.by_hours(following, now)

    def note_beginning(self, session: Session) -> None:
        """Count a session that has just been stored."""
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
                "has %s. Fix the action's plan or the slot handover_plan.",
                ", ".join(sorted(plans)),
            )
            return plans[DEFAULT_PLAN], False
        for key, value in wishes.items():
            if key != "plan":
                plan = _overridden(plan, key, value, us=self._settings.app_id)
        return plan.spoken_in(self._language()), True

    async def _user_at(self, thread: Thread, cause: Cause) -> datetime:
        """When the user last wrote; if unknown, too long ago for Meta to accept messages."""
        return await self._store.last_user_at(thread) or cause.at - MESSAGING_WINDOW

    async def _already_open(
        self, session: Session, wishes: Mapping[str, Any], cause: Cause
    ) -> Session:
        """The open session as it goes on."""
        if session.regained and not cause.has_led_to(session):
            return await self._ask_for_next(session, wishes, cause)
        logger.info(
            "A handover was asked for while one is open in the thread; it goes on unchanged.",
            extra=session_fields(session),
        )
        return session

    async def _ask_for_next(
        self, session: Session, wishes: Mapping[str, Any], cause: Cause
    ) -> Session:
        """The follow-up asks for the next handover, which begins when the follow-up is over."""
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


def _overridden(plan: Plan, key: str, value: object, *, us: str) -> Plan:
    try:
        changed = plan.overridden({key: value})
        if changed.target_app == us:
            raise ValueError(f"'{key}' is the bot's own app, so nobody would get the thread.")
    except ValueError as error:
        logger.error("A part of an action's request for a handover is left out: %s", error)
        return plan
    return changed
