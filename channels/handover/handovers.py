"""The life of a session against the outside world: store, Meta, Rasa.

Each step is stored before the next one begins, so that whatever dies, another worker goes on
from there; each way to end goes through `end`, and only the one that the store lets win counts.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..core import transitions
from ..core.errors import GraphError
from ..core.events import Event, Thread
from ..core.routing import Owner
from ..core.sessions import Cause, EndReason, Session, Speaker, State, deadline
from ..core.settings import Settings
from ..graph.protocol import Graph
from ..instruments.clock import Clock
from ..instruments.log_fields import about_session, session_fields, thread_fields
from ..instruments.metrics import Metrics
from ..store.protocol import Store
from .ending import Endings
from .ledger import Ledger
from .opening import Openings

logger = logging.getLogger(__name__)

_ENDED_BY_OWNER = {Owner.OURS: EndReason.AGENT_RETURNED, Owner.IDLE: EndReason.AGENT_RELEASED}


class Handovers:
    """Opens, watches and ends the sessions of all threads.

    `language` tells the assistant's NLU language; `tell_started` and `tell_ended` let Rasa
    handle `handover_started` and `handover_ended`, and return once it has.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graph: Graph,
        clock: Clock,
        metrics: Metrics,
        language: Callable[[], str],
        tell_started: Callable[[Session], Awaitable[None]],
        tell_ended: Callable[[Session], Awaitable[None]],
    ) -> None:
        self._store = store
        self._graph = graph
        self._metrics = metrics
        self._tell_started = tell_started
        self._ledger = Ledger(store=store, clock=clock)
        self._probing = Probing(metrics)
        self._openings = Openings(
            settings=settings,
            store=store,
            graph=graph,
            ledger=self._ledger,
            metrics=metrics,
            language=language,
        )
        self._endings = Endings(
            app_id=settings.app_id,
            store=store,
            graph=graph,
            ledger=self._ledger,
            metrics=metrics,
            tell_rasa=tell_ended,
            next_of=self._openings.next_of,
        )

    async def is_silent(self, thread: Thread) -> bool:
        """Whether a session keeps the bot from writing to the thread."""
        session = await self._store.open_session(thread)
        return session is not None and not session.regained

    async def open(self, thread: Thread, wishes: Mapping[str, Any], cause: Cause) -> Session:
        """Workload a thread over as an action wishes; see `Openings.open`."""
        return await self._openings.open(thread, wishes, cause)

    async def adopt(self, thread: Thread, owner_app: str | None, cause: Cause) -> Session | None:
        """Open a session for a thread that somebody has taken; see `Openings.adopt`."""
        return await self._openings.adopt(thread, owner_app, cause)

    async def grant(self, event: Event, app_id: str, cause: Cause) -> Session | None:
        """Pass a thread to an app that asked for it; see `Openings.grant`."""
        session = await self._openings.grant(event.thread, app_id, cause)
        self._metrics.requests.labels("granted").inc()
        return session

    def refuse(self, event: Event, app_id: str) -> None:
        """Leave an app's request unanswered, which Meta takes as a no."""
        self._metrics.requests.labels("refused").inc()
        logger.warning(
            "App %s asked for a thread and does not get it. To let it, add its id to 'requests' "
            "in credentials.yml.",
            app_id,
            extra=thread_fields(event.thread),
        )

    async def hear(self, session: Session, speaker: Speaker, event: Event) -> Session:
        """Count what was said in an active session."""

        def step(active: Session) -> Session:
            return transitions.heard(active, speaker, said_at=event.at, now=self._ledger.now())

        heard = await self._ledger.change(session, step, only_while=State.ACTIVE)
        if heard is None:
            return await self._ledger.reload(session)
        is_first = speaker is Speaker.OPERATOR and heard.operator_messages == 1
        if is_first and heard.first_answer_at is not None:
            self._metrics.first_answered(heard, heard.first_answer_at - heard.opened_at)
        return heard

    async def owned_by(self, session: Session, owner_app: str) -> Session:
        """Another app has an active session's thread now."""
        changed = await self._ledger.change(
            session,
            lambda active: transitions.owned_by(active, owner_app),
            only_while=State.ACTIVE,
        )
        return changed or await self._ledger.reload(session)

    async def end(
        self, session: Session, reason: EndReason, *, user_at: datetime | None = None
    ) -> Session | None:
        """End an active session; see `Endings.end`."""
        return await self._endings.end(session, reason, user_at=user_at)

    async def regain(self, session: Session, *, user_at: datetime | None = None) -> Session | None:
        """An event has shown that an ending session's thread is ours; see `Endings.regain`."""
        return await self._endings.regain(session, user_at=user_at)

    async def overtaken(self, session: Session) -> None:
        """An ended session's thread is taken before its follow-up; see `Endings.overtaken`."""
        await self._endings.overtaken(session)

    async def end_in_silence(self, session: Session) -> None:
        """Tell Rasa of an end that waits for the user; see `Endings.end_in_silence`."""
        await self._endings.end_in_silence(session)

    async def advance(self, session: Session) -> None:
        """Do what is due: settle an opening, announce, end, probe, carry an end through."""
        about_session(session)
        if session.state is State.OPENING:
            session = await self._openings.settle(session)
        if session.state is State.ACTIVE and not session.is_announced:
            session = await self._announce(session)
        if session.state is State.ACTIVE:
            session = await self._watch(session)
        following = await self._endings.carry_through(session)
        if following is not None:
            await self._begin(following)

    async def _begin(self, following: Session) -> None:
        session = await self._openings.begin(following)
        if session.state is not State.OPENING:  # which waits for Graph
            await self.advance(session)

    async def advance_adopted(self, session: Session, cause: Cause) -> None:
        """Advance the session that the cause has led to.

        One that was open before may be another worker's, who is at it; and what is OPENING yet
        waits for Graph.
        """
        if session.id == cause.session_id and session.state is not State.OPENING:
            await self.advance(session)

    async def count_open(self) -> None:
        """Space the probes by how many sessions are open now."""
        self._probing.open_sessions_are(await self._store.count_open())

    async def _announce(self, session: Session) -> Session:
        try:
            async with self._ledger.turn(session):
                await self._tell_started(session)
        except Exception as error:
            if self._is_over(session):
                logger.exception(
                    "Rasa can't hear of a handover's start, and does not keep it from its end.",
                    extra=session_fields(session),
                )
                return session
            await self._ledger.postpone(session, error)
            raise
        announced = await self._ledger.change(
            session, transitions.announced, only_while=State.ACTIVE
        )
        return announced or await self._ledger.reload(session)

    def _is_over(self, session: Session) -> bool:
        ends = deadline(session)
        return ends is not None and ends[0] <= self._ledger.now()

    async def _watch(self, session: Session) -> Session:
        now, ends = self._ledger.now(), deadline(session)
        if ends is not None and ends[0] <= now:
            return await self.end(session, ends[1]) or await self._ledger.reload(session)
        if session.probe_at is not None and session.probe_at <= now:
            return await self._probe(session)
        return session

    async def _probe(self, session: Session) -> Session:
        """Ask who has the thread: release and expiry send no webhook."""
        now = self._ledger.now()
        next_at = now + self._probing.interval(session)
        if not self._probing.may_probe(now):
            return await self._ledger.keep(transitions.probed(session, next_at))
        try:
            owner = await self._graph.owner(session.thread)
        except GraphError as error:
            logger.warning("A thread's owner is unknown: %s", error, extra=session_fields(session))
            return await self._ledger.keep(transitions.probed(session, next_at))
        if owner in _ENDED_BY_OWNER:
            ending = await self.end(session, _ENDED_BY_OWNER[owner])
            return ending or await self._ledger.reload(session)
        return await self._ledger.keep(transitions.probed(session, next_at))


PROBES_A_SECOND = 5  # far below the calls that Meta grants an app (Rate Limiting)


class Probing:
    """Spaces the probes of a worker's sessions.

    The interval is the plan's `owner-probe`, or longer where so many sessions are open that the
    budget would not do; never do more than `PROBES_A_SECOND` go out.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._shortest = timedelta()
        self._spent_in: datetime | None = None
        self._spent = 0

    def open_sessions_are(self, count: int) -> None:
        """Stretch the interval to what this many sessions leave of the budget."""
        self._shortest = timedelta(seconds=count / PROBES_A_SECOND)
        self._metrics.open.set(count)
        self._metrics.probe_interval.set(self._shortest.total_seconds())

    def interval(self, session: Session) -> timedelta:
        """How long to wait before this session is probed again."""
        return max(session.plan.owner_probe, self._shortest)

    def may_probe(self, now: datetime) -> bool:
        """Take one probe out of this second's budget; False if none is left."""
        second = now.replace(microsecond=0)
        if second != self._spent_in:
            self._spent_in, self._spent = second, 0
        self._spent += 1
        return self._spent <= PROBES_A_SECOND
