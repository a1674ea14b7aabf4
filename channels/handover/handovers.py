"""What is due in sessions, step by step, until Rasa has heard of their end.

Each step is stored before the next one begins, so whatever dies, another worker goes on from there.
Every end goes through `Endings.end`, and only the one that the store accepts first counts.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ..core.errors import GraphError
from ..core.events import Echo, Edited, Event, Postback, SignOfLife, TakenBack, UserMessage
from ..core.meta.ownership import Owner
from ..core.notices import NoticeKind
from ..core.sessions import transitions
from ..core.sessions.session import (
    Cause,
    EndReason,
    Session,
    Speaker,
    State,
    deadline,
    unanswered_at,
)
from ..graph.protocol import Graph
from ..instruments.log_fields import about_session, session_fields, thread_fields
from ..instruments.metrics import Metrics
from ..store.protocol import Store
from .ending import Endings
from .ledger import Ledger
from .opening import Openings
from .passing import Passing
from .protocol import PassesControl, TellsRasa
from .telling_attempts import TellingAttempts
from .waiting import WaitingRoom

logger = logging.getLogger(__name__)

_ENDED_BY_OWNER = {Owner.OURS: EndReason.AGENT_RETURNED, Owner.IDLE: EndReason.AGENT_RELEASED}


class Handovers:
    """Watches the sessions of all threads, and does what is due in them."""

    def __init__(
        self,
        *,
        store: Store,
        graph: Graph,
        ledger: Ledger,
        metrics: Metrics,
        openings: Openings,
        passing: Passing,
        endings: Endings,
        waiting_room: WaitingRoom,
        rasa: TellsRasa,
        outbox: PassesControl,
        tellings: TellingAttempts,
    ) -> None:
        self._store = store
        self._graph = graph
        self._ledger = ledger
        self._metrics = metrics
        self._openings = openings
        self._passing = passing
        self._endings = endings
        self._waiting_room = waiting_room
        self._rasa = rasa
        self._outbox = outbox
        self._tellings = tellings
        self._probing = Probing(metrics)

    async def grant(self, event: Event, app_id: str, cause: Cause) -> None:
        """Pass a thread to an app that asked for it."""
        session = await self._openings.grant(event.thread, app_id, cause)
        self._metrics.requests.labels("granted").inc()
        if session is None or session.state is not State.OPENING:
            return
        if not cause.has_led_to(session) and session.waiting_since is None:
            return
        self._outbox.pass_control(session)

    def refuse(self, event: Event, app_id: str, why: str) -> None:
        """Leave an app's request unanswered, which amounts to a no."""
        self._metrics.requests.labels("refused").inc()
        logger.warning(
            "App %s asked for a thread and does not get it: %s",
            app_id,
            why,
            extra=thread_fields(event.thread),
        )

    async def opened(self, session: Session) -> Session:
        """The session once it is no longer OPENING; what the user writes meanwhile waits."""
        while session.state is State.OPENING:
            await self._ledger.pause()
            session = await self._ledger.reload(session)
        return session

    async def settle(self, session: Session) -> None:
        """Go on with an opening that was cut short, or has to wait."""
        about_session(session)
        if session.state is State.OPENING:
            await self._passing.settle(session)

    async def hear(self, session: Session, speaker: Speaker, event: Event) -> Session:
        """Count what was said in an active session; anything else is a sign of life."""
        is_message = isinstance(event, (UserMessage, Postback, Echo, SignOfLife))

        def step(active: Session) -> Session:
            return transitions.heard(
                active,
                speaker,
                said_at=None if isinstance(event, (TakenBack, Edited)) else event.at,
                now=self._ledger.clock.now(),
                mid=getattr(event, "mid", None) if is_message else None,
                is_message=is_message,
            )

        heard = await self._ledger.change(session, step, only_while=State.ACTIVE)
        if heard is None:
            return await self._ledger.reload(session)
        is_new = heard.version > session.version
        is_first = is_new and speaker is Speaker.OPERATOR and heard.operator_messages == 1
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

    async def advance(self, session: Session) -> None:
        """Do what is due: open, settle an opening, announce, end, probe, carry an end through."""
        about_session(session)
        if session.is_waiting:
            session = await self._waiting_room.look(session)
            if session.state is State.OPENING:
                self._outbox.pass_control(session)
                return
        if session.state is State.OPENING:
            session = await self._passing.settle(session)
        if session.state is State.ACTIVE and not session.is_announced:
            session = await self._announce(session)
        if session.state is State.ACTIVE:
            session = await self._watch(session)
        following = await self._endings.carry_through(session)
        if following is not None:
            await self._begin(following)

    async def _begin(self, following: Session) -> None:
        self._openings.note_beginning(following)
        if following.state is State.OPENING:
            self._outbox.pass_control(following)
        else:
            await self.advance(following)

    async def count_open(self) -> None:
        """Space the probes according to how many sessions are open now."""
        self._probing.open_sessions_are(await self._store.count_open())

    async def _announce(self, session: Session) -> Session:
        async with self._rasa.hearing(session.thread), self._ledger.turn(session):
            told = await self._tellings.tell(session, self._rasa.tell_started, what="start")
        announced = await self._ledger.change(
            told or session, transitions.announced, only_while=State.ACTIVE
        )
        return announced or await self._ledger.reload(session)

    async def _watch(self, session: Session) -> Session:
        now, ends = self._ledger.clock.now(), deadline(session)
        if ends is not None and ends[0] <= now:
            return await self._endings.end(session, ends[1]) or await self._ledger.reload(session)
        reminds_at = unanswered_at(session)
        if reminds_at is not None and reminds_at <= now:
            return await self._remind(session)
        if session.probe_at is not None and session.probe_at <= now:
            return await self._probe(session)
        return session

    async def _remind(self, session: Session) -> Session:
        """Tell operators that nobody has answered yet."""
        reminded = await self._ledger.change(
            session,
            transitions.reminded_of,
            only_while=State.ACTIVE,
            tells=[NoticeKind.UNANSWERED],
        )
        return reminded or await self._ledger.reload(session)

    async def _probe(self, session: Session) -> Session:
        """Ask who has the thread: release and expiry send no webhook."""
        now = self._ledger.clock.now()
        next_at = now + self._probing.interval(session)
        if not self._probing.may_probe(now):
            return await self._ledger.keep(transitions.probed(session, next_at))
        try:
            owner = await self._graph.owner(session.thread)
        except GraphError as error:
            logger.warning("A thread's owner is unknown: %s", error, extra=session_fields(session))
            return await self._ledger.keep(transitions.probed(session, next_at))
        if owner in _ENDED_BY_OWNER:
            ending = await self._endings.end(session, _ENDED_BY_OWNER[owner])
            return ending or await self._ledger.reload(session)
        return await self._ledger.keep(transitions.probed(session, next_at))


PROBES_A_SECOND = 5  # far below the calls that Meta grants an app (Rate Limiting)


class Probing:
    """Spaces the probes of a worker's sessions.

    The interval is the plan's `owner-probe`, or longer if the budget is not enough for all open
    sessions; never more than `PROBES_A_SECOND` go out.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._shortest = timedelta()
        self._spent_in: datetime | None = None
        self._spent = 0

    def open_sessions_are(self, count: int) -> None:
        """Stretch the interval as far as the budget requires with this many sessions."""
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
