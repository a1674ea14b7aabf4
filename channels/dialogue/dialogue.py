"""Rasa's turns: what Rasa is told, and the output that carries its answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from ..core.briefing.transcript import MOST_LINES, for_metadata
from ..core.briefing.turns import (
    HANDOVER_ENDED,
    HANDOVER_GIVEN,
    HANDOVER_STARTED,
    TypedIntent,
    act_metadata,
    ended_metadata,
    external_parse_data,
    external_text,
    given_metadata,
    metadata_for_rasa,
    plain,
    started_metadata,
    text_for_rasa,
)
from ..core.errors import RasaUnavailable, StoreError
from ..core.events import Act, ControlPassed, Event, Platform, Postback, Thread, UserMessage
from ..core.records.outgoing import Said
from ..core.sessions.session import Cause, EndReason, Session, is_window_open
from ..core.settings.settings import Settings
from ..graph.threads import Threads
from ..handover.availability import Availability
from ..handover.feedback import FeedbackKeeper
from ..handover.opening import Openings
from ..handover.waiting import WaitingRoom
from ..instruments.clock import Clock
from ..instruments.leases import still_ours
from ..instruments.log_fields import thread_fields
from ..instruments.metrics import Metrics
from ..store.protocol import Store
from .assistant import Assistant, Turn
from .fair_limit import FairLimit
from .outbox import Outbox, Sayings, TurnId, turn_on_its_own
from .output import CONNECTING, InstagramOutput, MessengerOutput, name_of
from .turn_time import TurnTime
from .typing_indicator import TypingIndicator

logger = logging.getLogger(__name__)

_OUTPUTS = {Platform.MESSENGER: MessengerOutput, Platform.INSTAGRAM: InstagramOutput}
_NAME_OF_CONNECTING = name_of({"utter_action": CONNECTING})
READY_INTERVAL = timedelta(milliseconds=250)  # between looks for a loaded model


class Dialogue:
    """Lets Rasa take turns, as many at once as `max-turns` allows.

    The same number again may tell it of handovers' starts and ends: users' turns don't delay those.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        assistant: Assistant,
        threads: Threads,
        openings: Openings,
        waiting_room: WaitingRoom,
        availability: Availability,
        feedback: FeedbackKeeper,
        outbox: Outbox,
        typing: TypingIndicator,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._assistant = assistant
        self._threads = threads
        self._openings = openings
        self._waiting_room = waiting_room
        self._availability = availability
        self._feedback = feedback
        self._outbox = outbox
        self._typing = typing
        several_pages = bool(settings.pages)
        self._for_users = FairLimit(settings.max_turns, several_pages=several_pages)
        self._for_sessions = FairLimit(settings.max_turns, several_pages=several_pages)
        self._looking = asyncio.Lock()

    async def route(self, event: UserMessage | Postback, *, repeated: bool) -> None:
        """Let Rasa answer what the user said.

        A `repeated` event may have been answered before: the tracker shows whether it was.
        """
        may_type = self._knows if self._settings.typed_intents else None
        turn = Turn(
            sender_id=self._threads.sender_id(event.thread),
            channel=event.thread.platform.value,
            text=text_for_rasa(event, may_type=may_type),
            message_id=event.mid or event.key,
            metadata={
                **metadata_for_rasa(event),
                "handover": self._availability.of(event.thread),
            },
            once=repeated,
        )
        id_ = TurnId(
            id=turn.message_id, cause=Cause(at=event.at, key=event.key), event_key=event.key
        )
        if not repeated:
            self._typing.begin(event.thread)
        await self._take_as_user(turn, id_, event.thread)

    async def hand_over(self, event: Event) -> None:
        """Hand over the thread of an event that the bot could not answer, as `on-failure` says.

        Does nothing if a person has the thread already. Raises StoreError.
        """
        if not isinstance(event, (UserMessage, Postback)):
            return
        thread, key = event.thread, f"failed {event.key}"
        said = await self._outbox.said(thread, event.mid or event.key)
        output = self._output_in(
            thread,
            self._sayings(TurnId(id=key, cause=Cause(at=event.at, key=key))),
            says_that_it_connects=all(one.response != _NAME_OF_CONNECTING for one in said),
        )
        await output.stand_in(self._threads.sender_id(thread), self._settings.on_failure)
        output.end_turn()

    async def tell_act(self, act: Act) -> None:
        """Let Rasa handle an act that is not a message, if the settings name an intent for it."""
        intent = self._settings.events.get(act.name)
        if intent is None or not self._assistant.knows_intent(intent):
            logger.warning(
                "Rasa does not hear of an event '%s': the domain lacks the intent that 'events' in "
                "credentials.yml names for it. Add the intent to the domain, and a rule for it.",
                act.name,
                extra=thread_fields(act.thread),
            )
            return
        turn = self._external(act.thread, intent, act.key, act_metadata(act))
        await self._take_as_user(turn, _of_event(act), act.thread)

    async def tell_given(self, passed: ControlPassed) -> None:
        """Let Rasa handle `handover_given`, if its domain has that intent."""
        if not self._assistant.knows_intent(HANDOVER_GIVEN):
            return
        turn = self._external(passed.thread, HANDOVER_GIVEN, passed.key, given_metadata(passed))
        await self._take_as_user(turn, _of_event(passed), passed.thread)

    async def tell_started(self, session: Session) -> None:
        """Let Rasa handle `handover_started`, if its domain has that intent."""
        if not self._assistant.knows_intent(HANDOVER_STARTED):
            return
        key, metadata = session.started_message_id, started_metadata(session)
        turn = self._external(session.thread, HANDOVER_STARTED, key, metadata)
        cause = Cause(at=min(session.opened_at, self._clock.metas()), key=key)
        await self._take(turn, TurnId(id=key, cause=cause, is_reserved=True), session.thread)

    async def tell_ended(self, session: Session, *, in_silence: bool) -> None:
        """Let Rasa handle `handover_ended`, unless its tracker shows that it has.

        If Meta takes no messages now, what Rasa says then waits until the user has written;
        `in_silence`, it is not said at all.
        """
        if session.reason is None:
            return
        key = session.ended_message_id
        metadata = ended_metadata(session, await self._transcript(session))
        turn = self._external(session.thread, HANDOVER_ENDED, key, metadata, reason=session.reason)
        now = self._clock.metas()
        cause = Cause(at=min(session.ended_at or now, now), key=key)
        id_ = TurnId(id=key, cause=cause, session_id=session.id, is_reserved=True)
        held = not is_window_open(session, now)
        await self._take(turn, id_, session.thread, in_silence=in_silence, held=held)

    def _external(
        self,
        thread: Thread,
        intent: str,
        key: str,
        metadata: dict[str, Any],
        *,
        reason: EndReason | None = None,
    ) -> Turn:
        """A turn that is not a message: it has an intent that no user can type."""
        return Turn(
            sender_id=self._threads.sender_id(thread),
            channel=thread.platform.value,
            text=external_text(intent),
            message_id=key,
            metadata=metadata,
            parse_data=external_parse_data(intent, reason),
            once=True,
            resumes=reason is not None,
        )

    @asynccontextmanager
    async def hearing(self, thread: Thread) -> AsyncIterator[None]:
        """Hold a place for telling Rasa of a handover's start or end, once a model is loaded."""
        async with self._for_sessions.place(thread.page):
            await self.ready()
            yield

    async def read(self, text: str) -> tuple[str | None, float]:
        """The intent that the assistant's NLU recognises in a text, and its confidence.

        None if the NLU fails or hangs: that must not keep the channel from hearing what users say
        to an agent.
        """
        reading, limit = self._assistant.read(plain(text)), self._settings.turn_timeout
        try:
            return await TurnTime(self._clock).keep(limit, reading, _nothing_to_cut)
        except (RasaUnavailable, StoreError):
            raise
        except Exception as error:  # whatever a component raises; it may quote the user
            logger.error(
                "Rasa's NLU could not read a message for return intents (%s), so it brings nobody "
                "back to the bot. Find out which component fails, or hangs past 'turn-timeout'.",
                type(error).__name__,
            )
            return None, 0.0

    def output_on_its_own(self, platform: Platform) -> MessengerOutput:
        """An output for what Rasa says on its own (reminders, external triggers)."""
        self._assistant.watch_turns()
        sayings = self._sayings(turn_on_its_own(self._clock.metas()))
        output = self._output(_OUTPUTS[platform], sayings, connecting=self._connecting)
        output.end_turn()
        return output

    def _knows(self, typed: TypedIntent) -> bool:
        knows_intent = self._assistant.knows_intent(typed.intent)
        return knows_intent and self._assistant.knows_entities(typed.entities)

    def begin_no_more(self) -> None:
        """Let no more turns begin: a stop waits for those under way, and would cut off new ones."""
        self._for_users.close()
        self._for_sessions.close()

    async def stop(self) -> None:
        """Stop showing users that the bot has seen a message, or is typing."""
        await self._typing.stop()

    async def _transcript(self, session: Session) -> dict[str, Any] | None:
        if not self._settings.transcript:
            return None
        one_too_many = MOST_LINES + 1
        return for_metadata(await self._store.transcript(session.id, limit=one_too_many))

    async def _take_as_user(self, turn: Turn, id_: TurnId, thread: Thread) -> None:
        async with self._for_users.place(thread.page):
            await self.ready()
            await self._take(turn, id_, thread)

    async def _take(
        self,
        turn: Turn,
        id_: TurnId,
        thread: Thread,
        *,
        in_silence: bool = False,
        held: bool = False,
    ) -> None:
        """Let Rasa take the turn, which already has its place."""
        said = await self._outbox.said(thread, id_.id) if turn.once else []
        await still_ours()
        sayings = self._sayings(id_, said)
        output = self._output_in(thread, sayings, in_silence=in_silence, held=held)
        limit, time = self._settings.turn_timeout, sayings.turn_time
        try:
            taking = self._assistant.take_turn(turn, output)
            was_taken = await time.keep(limit, taking, output.cut_off)
        finally:
            output.end_turn()
            if not output.has_spoken:
                self._typing.end(thread)
        self._metrics.turn_taken(time.taken())
        if was_taken:
            await sayings.withdraw_rest()

    def _sayings(self, turn: TurnId, said: Sequence[Said] = ()) -> Sayings:
        return Sayings(
            turn=turn,
            turn_time=TurnTime(self._clock),
            outbox=self._outbox,
            clock=self._clock,
            app_secret=self._settings.secret,
            said=said,
        )

    def _output_in(
        self,
        thread: Thread,
        sayings: Sayings,
        *,
        says_that_it_connects: bool = True,
        **options: Any,
    ) -> MessengerOutput:
        return self._output(
            _OUTPUTS[thread.platform],
            sayings,
            thread=thread,
            connecting=self._connecting if says_that_it_connects else None,
            **options,
        )

    async def _connecting(self, thread: Thread) -> Mapping[str, Any] | None:
        """What the user reads before a person gets the thread; None if it can't be said."""
        sender_id, channel = self._threads.sender_id(thread), thread.platform.value
        try:
            return await self._assistant.response(CONNECTING, sender_id, channel)
        except Exception as error:  # whatever a broken Rasa raises; it may quote the user
            logger.warning("%s can't be said (%s).", _NAME_OF_CONNECTING, type(error).__name__)
            return None

    def _output(
        self, kind: type[MessengerOutput], sayings: Sayings, **options: Any
    ) -> MessengerOutput:
        return kind(
            sayings=sayings,
            outbox=self._outbox,
            threads=self._threads,
            openings=self._openings,
            waiting_room=self._waiting_room,
            feedback=self._feedback,
            **options,
        )

    def is_ready(self) -> bool:
        """Whether a model is loaded."""
        return self._assistant.is_ready()

    async def ready(self) -> None:
        """Return once a model is loaded; one caller looks for it, and the others wait for that one.

        When the process stops, callers that wait are cancelled, like those that wait for a place.
        """
        if self.is_ready():
            return
        async with self._looking:
            while not (self.is_ready() or self._for_users.is_closed):
                await self._clock.sleep(READY_INTERVAL)
        if self._for_users.is_closed:
            raise asyncio.CancelledError


def _of_event(event: Event) -> TurnId:
    return TurnId(id=event.key, cause=Cause(at=event.at, key=event.key), event_key=event.key)


def _nothing_to_cut() -> None:
    pass
