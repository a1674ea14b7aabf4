"""Handling one event: look it up in the decision table, then do what it says."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from ..core.briefing.transcript import line_of
from ..core.decisions import HEAR_USER, Decision, decide
from ..core.errors import TRY_LATER
from ..core.events import (
    Act,
    Array,
    ControlPassed,
    Echo,
    Edited,
    Event,
    Postback,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
)
from ..core.meta.broadcasts import PERIOD as BROADCAST_PERIOD
from ..core.meta.broadcasts import Broadcasts
from ..core.meta.failing_threads import FailingThreads
from ..core.meta.ownership import Owner, Routing
from ..core.plans import INBOX_APP_IDS, return_words
from ..core.records.kept import Lookup
from ..core.sessions.session import (
    LATE,
    Cause,
    EndReason,
    Session,
    Speaker,
    State,
    mark_of,
    session_id_for,
)
from ..core.sessions.transitions import ASK_DEADLINE
from ..core.settings.settings import Settings
from ..dialogue.dialogue import Dialogue
from ..graph.protocol import Graph
from ..handover.ending import Endings
from ..handover.handovers import Handovers
from ..handover.opening import Openings
from ..handover.routing_status import RoutingStatus
from ..instruments.clock import Clock
from ..instruments.log_fields import about_session
from ..store.protocol import Store
from .delivery import ECHO_GRACE, Delivery
from .own_echoes import OwnEchoes
from .own_pages import OwnPages

logger = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=1)  # with Meta, if it answers other calls but not `thread_owner`
_MOMENT = timedelta(microseconds=1)
_NOT_LISTED = "to let it, add its id to 'requests' in credentials.yml."
_IS_OPEN = "a handover goes on there."
_TOO_LATE = f"it asked more than {ASK_DEADLINE // timedelta(minutes=1)} minutes ago."
_TOLD_LATE = timedelta(seconds=5)  # how late Meta may date a pass: its clock and ours differ


class EventHandler:
    """Carries out the decision table (`core/decisions.py`) for one event at a time."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graph: Graph,
        routing: RoutingStatus,
        openings: Openings,
        handovers: Handovers,
        endings: Endings,
        dialogue: Dialogue,
        delivery: Delivery,
        own_echoes: OwnEchoes,
        own_pages: OwnPages,
        broadcasts: Broadcasts,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._failing = FailingThreads(forgotten_after=PATIENCE)
        self._store = store
        self._graph = graph
        self._routing = routing
        self._openings = openings
        self._handovers = handovers
        self._endings = endings
        self._dialogue = dialogue
        self._delivery = delivery
        self._own_echoes = own_echoes
        self._own_pages = own_pages
        self._broadcasts = broadcasts

    async def handle(self, event: Event, *, repeated: bool) -> None:
        """Handle the event completely; raises if another try is needed.

        A `repeated` event may have been handled before, completely or in part.
        """
        if not self._dialogue.is_ready():
            await self._dialogue.ready()
        if not await self._own_pages.include(event.thread):
            return
        if isinstance(event, Echo) and await self._is_own_echo(event):
            return
        if isinstance(event, (TakenBack, Edited)):
            # When it was recorded, its message may just have been handled.
            text = await self._store.amend(event, event.received_at)
            if isinstance(event, Edited):
                event = replace(event, text=text)  # an edit is recorded without its text
        await self._carry_out(event, repeated=repeated)

    async def _carry_out(self, event: Event, *, repeated: bool) -> None:
        found = await self._look_up(event)
        session, ended = found.session, found.ended
        if session is None and (self._is_broadcast(event) or _has_ended(event, ended)):
            return
        decision = await self._decide(event, session, ended)
        if decision.adopt:
            await self._adopt(event, decision, repeated=repeated)
        elif session is not None and decision.overtaken:
            await self._endings.overtaken(session)
            await self._carry_out(event, repeated=repeated)  # as in a thread without a session
        elif session is None:
            await self._answer_request(event, decision)
            if decision.heard is not None and ended is not None:
                await self._write_down(ended, decision.heard, event)
            await self._take_given(event, decision, ended)
        elif not await self._change(session, event, decision) or (
            decision.route and await self._is_followed(session)
        ):
            await self._carry_out(event, repeated=repeated)  # by the session as it is now
            return
        if decision.route and isinstance(event, (UserMessage, Postback, Act)):
            # Ending a session, or asking for the owner, takes time, and meanwhile a message may
            # have been held.
            on_standby = event.array is Array.STANDBY  # and perhaps on both arrays
            took_time = session is not None or on_standby
            once = repeated or on_standby
            await self._route(event, repeated=once, may_free=found.is_held or took_time)

    async def _route(
        self, event: UserMessage | Postback | Act, *, repeated: bool, may_free: bool
    ) -> None:
        if may_free:
            await self._delivery.user_wrote(event.thread)
        if isinstance(event, Act):
            await self._dialogue.tell_act(event)
        else:
            await self._dialogue.route(event, repeated=repeated)

    async def _is_own_echo(self, event: Echo) -> bool:
        """Whether it is an echo of ours after all: the answer with its id may come late."""
        if not event.tells_no_sender:
            return False
        return await self._own_echoes.has_said(event, until=event.received_at + ECHO_GRACE)

    async def _look_up(self, event: Event) -> Lookup:
        """How the thread stands; if its session is still opening, this waits until it no longer is.

        `ended` is the session from which the event may come late.
        """
        found = await self._not_waiting(event)
        session = found.session
        if session is None:
            return found
        about_session(session)
        if session.id == session_id_for(event.key):  # the event that led to it comes once more
            return found
        if self._was_broadcast(session, event):
            ending = await self._endings.end(session, EndReason.AGENT_RELEASED)
            if ending is not None:
                await self._handovers.advance(ending)
        elif session.state is not State.OPENING:
            return found
        await self._handovers.opened(session)
        return await self._not_waiting(event)

    async def _not_waiting(self, event: Event) -> Lookup:
        """The same, but a session that is waiting does not count: the bot has the thread."""
        since = event.at - self._clock.metas_ahead() - LATE
        found = await self._store.look_up(event.thread, since=since)
        if found.session is None or not found.session.is_waiting:
            return found
        return replace(found, session=None)

    async def _decide(
        self, event: Event, session: Session | None, ended: Session | None
    ) -> Decision:
        may_be_late = session is None and event.array is Array.STANDBY
        last = ended if may_be_late else None  # on messaging the bot had the thread
        latest = session or last
        look_up = partial(
            decide,
            event,
            session,
            us=self._settings.app_id,
            # Without a session the mode makes no difference, and finding it out may take a call.
            routing=await self._routing.of(event.thread.page) if session else Routing.ON,
            is_return_word=return_words(latest.plan) if latest else _never,
            may_have=partial(self._settings.may_have, event.thread),
            ended=last,
            by_echo=session is None and await self._counts_by_echo(event, ended),
            metas_ahead=self._clock.metas_ahead(),
        )
        decision = look_up()
        if decision.ask_owner:
            owner = await self._owner(event.thread)
            if owner is Owner.UNKNOWN and session is None and self._is_over(event, ended):
                owner = Owner.IDLE
            decision = look_up(owner=owner)
        if session is not None and await self._has_return_intent(event, session, decision):
            return Decision(heard=Speaker.USER, end=EndReason.INTENT)
        return decision

    def _is_over(self, event: Event, ended: Session | None) -> bool:
        """Whether the owner that an event shows is out of date: the bot has the thread again."""
        late = LATE if isinstance(event, SignOfLife) else timedelta()
        is_regained = ended is not None and ended.regained
        return is_regained and _is_from_before(event, ended, self._clock.metas_ahead() + late)

    async def _owner(self, thread: Thread) -> Owner:
        """Who has the thread; UNKNOWN once this call alone has kept failing for PATIENCE."""
        try:
            owner = await self._graph.owner(thread)
        except TRY_LATER as error:
            is_closed = self._graph.closed_page(thread.page) is not None
            if is_closed or self._failing.for_long(thread, self._clock.now()) < PATIENCE:
                raise
            logger.warning("The owner of a thread counts as unknown: %s", error)
            return Owner.UNKNOWN
        self._failing.no_more(thread)
        return owner

    def _is_broadcast(self, event: Event) -> bool:
        """Whether this is an app's message to many people, written without having the thread."""
        if event.array is not Array.MESSAGING or not isinstance(event, Echo):
            return False
        return self._broadcasts.include(event.thread.page, event.app_id, event.at)

    def _was_broadcast(self, session: Session, event: Event) -> bool:
        """Whether a user now speaks in a session that a broadcast began before it was recognised.

        An app that goes on writing after the first minute is talking to this user.
        """
        is_by_echo = session.is_adopted and session.probe_at is None and not session.user_messages
        if not is_by_echo or session.state is not State.ACTIVE or event.at <= session.cause_at:
            return False
        if not isinstance(event, (UserMessage, Postback, Act)):
            return False
        last_at = session.last_operator_at or session.opened_at
        first_at = session.cause_at + _MOMENT
        is_short = last_at - session.opened_at <= BROADCAST_PERIOD
        return is_short and self._broadcasts.include(
            session.thread.page, session.owner_app, first_at
        )

    async def _counts_by_echo(self, event: Event, ended: Session | None) -> bool:
        """Whether the app that writes counts as having the thread: with routing off, apps need not
        ask for it.

        An Inbox takes the thread when a person writes there; what it sends without having taken it
        is automatic.
        """
        if not isinstance(event, Echo) or not self._settings.operators_by_echo or event.by_ai:
            return False
        if event.app_id in (self._settings.app_id, *INBOX_APP_IDS.values()):
            return False
        if await self._routing.of(event.thread.page) is Routing.ON:
            return False
        return not _is_from_before(event, ended, self._clock.metas_ahead())

    async def _has_return_intent(self, event: Event, session: Session, decision: Decision) -> bool:
        """Whether the assistant's NLU reads what the user wrote to the agent as a return intent."""
        plan = session.plan
        if not plan.return_intents or session.state is not State.ACTIVE:
            return False
        if decision != HEAR_USER or event.at <= session.cause_at:
            return False
        if not isinstance(event, UserMessage) or event.text is None:
            return False
        intent, confidence = await self._dialogue.read(event.text)
        return intent in plan.return_intents and confidence >= plan.return_intent_threshold

    async def _adopt(self, event: Event, decision: Decision, *, repeated: bool) -> None:
        """Open a session for a thread that somebody took, then handle the event in that session."""
        just_before = Cause(at=event.at - _MOMENT, key=event.key)
        session = await self._openings.adopt(
            event.thread, decision.owner_app, just_before, is_owned=not decision.unowned
        )
        if session is not None:
            # One that was open before may be in another worker's hands.
            if session.id == just_before.session_id and session.state is not State.OPENING:
                await self._handovers.advance(session)
            await self._carry_out(event, repeated=repeated)

    async def _take_given(self, event: Event, decision: Decision, ended: Session | None) -> None:
        """Tell Rasa if somebody has given the thread to the bot without any handover."""
        if not decision.given or not isinstance(event, ControlPassed):
            return
        if _is_from_before(event, ended, self._clock.metas_ahead() + _TOLD_LATE):
            return  # it brought the thread back from that handover, and comes late
        await self._dialogue.tell_given(event)

    async def _answer_request(self, event: Event, decision: Decision) -> None:
        if decision.refuse is not None:
            self._handovers.refuse(event, decision.refuse, _NOT_LISTED)
        if decision.grant is None:
            return
        if self._clock.metas() - event.at > ASK_DEADLINE:
            self._handovers.refuse(event, decision.grant, _TOO_LATE)
            return
        cause = Cause(at=event.at, key=event.key)
        await self._handovers.grant(event, decision.grant, cause)

    async def _change(self, session: Session, event: Event, decision: Decision) -> bool:
        """Carry the decision out; False if somebody else was faster, so that it no longer holds."""
        if decision.refuse is not None:
            self._handovers.refuse(event, decision.refuse, _IS_OPEN)
        if decision.owner_app is not None:
            session = await self._handovers.owned_by(session, decision.owner_app)
        if decision.heard is not None:
            await self._write_down(session, decision.heard, event)
            session = await self._handovers.hear(session, decision.heard, event)
            if isinstance(event, Echo) and session.is_talk:
                self._broadcasts.leave_out(event)
        user_at = event.at if decision.route else None
        told = event.metadata or "" if isinstance(event, ControlPassed) else None
        if decision.end is not None:
            ending = await self._endings.end(
                session,
                decision.end,
                user_at=user_at,
                returned_with=told,
                ended_by=None if decision.route else _mark_of(event),
            )
        elif decision.regained:
            ending = await self._endings.regain(session, user_at=user_at, returned_with=told)
        else:
            return True
        if ending is not None:
            await self._handovers.advance(ending)
        return ending is not None

    async def _is_followed(self, session: Session) -> bool:
        """Whether the follow-up has handed the thread over again."""
        now_open = await self._store.open_session(session.thread)
        return now_open is not None and now_open.id != session.id

    async def _write_down(self, session: Session, speaker: Speaker, event: Event) -> None:
        """Keep what was said, if the settings ask for a transcript."""
        line = line_of(event, speaker) if self._settings.transcript else None
        if line is not None:
            await self._store.add_line(session, line)


def _has_ended(event: Event, ended: Session | None) -> bool:
    """Whether the event ended the thread's last session: Meta may deliver it on both arrays."""
    return ended is not None and ended.ended_by is not None and ended.ended_by == _mark_of(event)


def _mark_of(event: Event) -> str | None:
    mid = event.mid if isinstance(event, (UserMessage, Postback)) else None
    return None if mid is None else mark_of(mid)


def _is_from_before(event: Event, ended: Session | None, metas_ahead: timedelta) -> bool:
    """Whether it is older than the end of the thread's last session."""
    if ended is None or ended.ended_at is None:
        return False
    return event.at <= ended.ended_at + metas_ahead


def _never(_: str) -> bool:
    return False
