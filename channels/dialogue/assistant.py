"""Rasa, as the engine sees it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from datetime import datetime, timezone
from itertools import takewhile
from typing import Any, Protocol

import msgspec
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    UserUttered,
)

from ..core.briefing.situation import Said, Situation
from ..core.errors import RasaUnavailable
from ..core.meta.splitting import well_formed
from ..instruments.host import MANTLE, MANTLE_REFUSED
from ..instruments.said import hiding
from .event_slots import keep_answers_to_users
from .output import MessengerOutput
from .rasas_stores import insisting_on_stores, is_in_turn
from .turn_time import TurnTime
from .unmade_handover import unmade_handover, watch

logger = logging.getLogger(__name__)

MOST_SAID = 50  # messages at the end of a conversation that an agent may read


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One message for Rasa, with `parse_data` if it is an event and not a user's words.

    `text` is what the user said. For an event it is the event's name, which Rasa does not get: an
    event has no text, so that nothing takes it for an answer.

    `once`: another attempt or worker may have brought it to Rasa, or be about to, and it counts
    once. `resumes`: if an action has paused Rasa's tracker, this turn resumes it.
    """

    sender_id: str
    channel: str
    text: str
    message_id: str
    metadata: dict[str, Any] = {}
    parse_data: dict[str, Any] | None = None
    once: bool = False
    resumes: bool = False


class Assistant(Protocol):
    """The assistant that answers while the thread is ours."""

    def is_ready(self) -> bool:
        """Whether a model is loaded; turns wait until one is."""

    def watch_turns(self) -> None:
        """From now on, see to it that a turn of Rasa's own hands over though its action can't run.

        `take_turn` sees to it, too.
        """

    # Each of these raises RasaUnavailable while no model is loaded; `language` only before the
    # first one.

    def language(self) -> str:
        """The assistant's NLU language, such as "en"."""

    def knows_intent(self, intent: str) -> bool:
        """Whether the assistant's domain has the intent."""

    def knows_entities(self, entities: Collection[str]) -> bool:
        """Whether the assistant's domain has all of these entities."""

    async def read(self, text: str) -> tuple[str | None, float]:
        """The intent that the NLU recognises in a text, and its confidence; records nothing."""

    async def situation(self, sender_id: str) -> Situation:
        """Where the conversation stands, by the tracker. Raises whatever its store raises."""

    async def response(self, name: str, sender_id: str, channel: str) -> Mapping[str, Any] | None:
        """A response as the bot would say it now; None if the domain does not have it.

        Records nothing. Raises whatever the tracker store or an NLG server raises.
        """

    async def take_turn(self, turn: Turn, output: MessengerOutput) -> bool:
        """Have Rasa handle the message; returns once it has answered and saved its tracker.

        False for a turn that counts `once`, if the tracker has its `message_id` already. Raises
        StoreUnavailable while Rasa's tracker store can't be read, or its lock store is unavailable:
        the turn has not begun, and must be taken again. If the tracker can't be saved, the turn
        waits until it can (`output.turn_time`). Raises ClaimLost if another worker takes the turn
        again.
        """


class RasaAssistant:
    """The agent of a running `rasa run`.

    `agent` returns the agent that is loaded now (Rasa replaces it with each new model), and
    `on_new_message` is what Rasa gave the channel for its messages.
    """

    def __init__(
        self,
        *,
        agent: Callable[[], Any],
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
    ) -> None:
        self._agent = agent
        self._on_new_message = on_new_message
        self._has_told_mantle = False
        self._language: str | None = None

    def is_ready(self) -> bool:
        agent = self._agent()
        return agent is not None and bool(agent.is_ready()) and not self._is_refused()

    def is_mantle(self) -> bool:
        """Whether the loaded model is one of Rasa Pro's engine Mantle."""
        processor = getattr(self._agent(), "processor", None)
        return getattr(processor, "engine_version", None) == MANTLE

    def _is_refused(self) -> bool:
        """A Mantle model that is loaded later is refused, too: what users write waits."""
        is_mantle = self.is_mantle()
        if is_mantle and not self._has_told_mantle:
            self._has_told_mantle = True
            logger.error("What users write waits, because of the model: %s", MANTLE_REFUSED)
        return is_mantle

    def language(self) -> str:
        """While no model is loaded, the language of the last one."""
        if self._language is None or self.is_ready():
            self._language = self._loaded().processor.model_metadata.language or "en"
        return self._language

    def knows_intent(self, intent: str) -> bool:
        return intent in self._loaded().domain.intents

    def knows_entities(self, entities: Collection[str]) -> bool:
        return set(self._loaded().domain.entities).issuperset(entities)

    async def read(self, text: str) -> tuple[str | None, float]:
        with hiding(text):
            parsed = await self._loaded().parse_message(text)
        intent = parsed["intent"]
        return intent["name"], float(intent["confidence"])

    async def situation(self, sender_id: str) -> Situation:
        with insisting_on_stores(self._loaded(), TurnTime()):
            tracker = await self._loaded().tracker_store.retrieve(sender_id)
        return Situation() if tracker is None else _situation_of(tracker)

    async def response(self, name: str, sender_id: str, channel: str) -> Mapping[str, Any] | None:
        agent = self._loaded()
        if name not in agent.domain.responses:
            return None
        store = agent.tracker_store
        with insisting_on_stores(agent, TurnTime()):
            tracker = await store.retrieve(sender_id) or store.init_tracker(sender_id)
        said = await agent.processor.nlg.generate(name, tracker, channel)
        return None if said is None else {**said, "utter_action": name}

    async def take_turn(self, turn: Turn, output: MessengerOutput) -> bool:
        self.language()  # remembered: a handover needs it, and the model may be unloaded by then
        is_event = turn.parse_data is not None
        if is_event:
            keep_answers_to_users(self._loaded().processor)
        message = UserMessage(
            text=None if is_event else turn.text,
            output_channel=output,
            sender_id=turn.sender_id,
            parse_data=await self._as_event(turn.parse_data),
            input_channel=turn.channel,
            message_id=turn.message_id,
            metadata=turn.metadata,
        )
        self.watch_turns()
        return await self._let_handle(message, turn, output)

    def watch_turns(self) -> None:
        watch(getattr(self._agent(), "processor", None), self._complete)

    async def _complete(self, tracker: Any, output: MessengerOutput) -> None:
        """A turn is over, and its tracker not saved yet."""
        plan = unmade_handover(tracker)
        if plan is not None and not output.has_asked:
            logger.error(
                "An action that was to hand a user over could not run: is the action server there? "
                "The channel hands over in its place, if 'on-failure' allows it."
            )
            await output.stand_in(tracker.sender_id, plan)
            await self._say_something(tracker.sender_id, output)
        if not output.is_silenced:
            _keep_awake(tracker, is_resumed=output.has_asked)
        output.has_asked = False  # for a reminder, which gets the same output

    async def _say_something(self, sender_id: str, output: MessengerOutput) -> None:
        """If no person will come and the turn leaves a user without an answer, say what the bot can
        always say.
        """
        if output.has_asked or output.has_spoken or output.has_ended:
            return
        response = await self.response("utter_default", sender_id, output.name())
        if response is not None:
            await output.send_response(sender_id, dict(response))

    async def _let_handle(self, message: UserMessage, turn: Turn, output: MessengerOutput) -> bool:
        with hiding(turn.text), insisting_on_stores(self._loaded(), output.turn_time):
            _repeat_nothing(getattr(self._loaded(), "processor", None))
            if turn.once:
                return await self._handle_once(message, resumes=turn.resumes)
            self._loaded()  # otherwise Rasa would silently drop the message
            await self._on_new_message(message)
            return True

    def _loaded(self) -> Any:
        """The agent, with a model."""
        if not self.is_ready():
            raise RasaUnavailable("Rasa has no model loaded")
        return self._agent()

    async def _as_event(self, parse_data: dict[str, Any] | None) -> dict[str, Any] | None:
        """An NLU result without text, so that custom actions do not see one, either.

        In an assistant with flows (Rasa Pro), it starts the flow that has the event's name: a
        message that is already parsed bypasses the NLU, and with it the flows' NLU triggers.
        """
        if parse_data is None:
            return None
        event = {**parse_data, "text": None}
        flows_of = getattr(self._loaded().processor, "get_flows", None)
        name = parse_data["intent"]["name"]
        if flows_of is None or (await flows_of()).flow_by_id(name) is None:
            return event
        return {**event, "commands": [{"command": "start flow", "flow": name}]}

    async def _handle_once(self, message: UserMessage, *, resumes: bool) -> bool:
        """Do what Rasa's `Agent.handle_message` does, and check the tracker under Rasa's lock.

        The model may be unloaded meanwhile, and the next one has another tracker store.
        """
        agent = self._loaded()
        async with agent.lock_store.lock(message.sender_id):
            if await _has_heard(agent.tracker_store, message):
                return False
            await _make_ready(agent.tracker_store, message.sender_id, resumes=resumes)
            await agent.processor.handle_message(message)
            return True


async def _make_ready(store: Any, sender_id: str, *, resumes: bool) -> None:
    """Have Rasa listen, and resume a paused tracker if the turn `resumes`.

    Rasa does not listen after an action that its HTTP API has executed, or one that has paused it:
    it would not recognise what it is told now.
    """
    tracker = await store.retrieve(sender_id)
    if tracker is None:
        return
    has_resumed = resumes and _resume(tracker)
    if _listen(tracker) or has_resumed:
        await store.save(tracker)


def _resume(tracker: Any) -> bool:
    """Resume the tracker if it is paused; returns whether it was."""
    is_paused = _is_paused(tracker)
    if is_paused:
        logger.warning(
            "An action of the assistant has paused Rasa's tracker (ConversationPaused), so the bot "
            "would say nothing once it has the thread; it is resumed. Remove that event from "
            "the action: the channel keeps the bot silent by itself."
        )
        tracker.update(ConversationResumed())
    return is_paused


def _listen(tracker: Any) -> bool:
    """Let Rasa listen; returns whether it did not yet."""
    listens = tracker.latest_action_name in (None, ACTION_LISTEN_NAME)
    if not listens:
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
    return not listens


def _keep_awake(tracker: Any, *, is_resumed: bool) -> None:
    """The bot still has the thread, so a pause in the turn would leave the user alone."""
    if not _was_paused(tracker):
        return
    if is_resumed:
        _resume(tracker)
        _listen(tracker)
        return
    logger.error(
        "An action of the assistant has paused Rasa's tracker (ConversationPaused), and no "
        "handover was asked for in that turn, so the bot answers this user no more, and nobody "
        "else does. If it was to hand over, remove that event from the action: Rasa runs no "
        "action after it, not even action_handover."
    )


async def _has_heard(store: Any, message: UserMessage) -> bool:
    tracker = await store.retrieve_full_tracker(message.sender_id)
    return tracker is not None and any(
        isinstance(event, UserUttered) and event.message_id == message.message_id
        for event in tracker.events
    )


def _repeat_nothing(processor: Any) -> None:
    """Keep Rasa from answering a message a second time.

    For a message whose id it knows, Rasa Pro (3.20.5 and later) repeats the answer that its tracker
    has. The outbox has that already, and a handover in it would be made twice.
    """
    replay = getattr(processor, "replay_message", None)
    if replay is None or getattr(replay, "repeats_nothing", False):
        return

    async def replay_elsewhere(tracker: Any, message: UserMessage) -> None:
        if not is_in_turn():
            await replay(tracker, message)

    replay_elsewhere.repeats_nothing = True  # type: ignore[attr-defined]
    processor.replay_message = replay_elsewhere


def _is_paused(tracker: Any) -> bool:
    """Rasa 3.6 has a method for this, newer versions of Rasa Pro a property."""
    is_paused = getattr(tracker, "is_paused", None)
    return bool(is_paused() if callable(is_paused) else tracker.paused)


def _was_paused(tracker: Any) -> bool:
    """Whether the last turn has paused it."""
    events = takewhile(lambda event: not isinstance(event, UserUttered), reversed(tracker.events))
    return _is_paused(tracker) and any(isinstance(event, ConversationPaused) for event in events)


def _situation_of(tracker: Any) -> Situation:
    said: deque[Said] = deque(maxlen=MOST_SAID)
    intent: str | None = None
    for event in tracker.events:
        if isinstance(event, UserUttered) and not event.metadata.get("is_external"):
            intent = event.intent_name or intent
            said.extend(_said("user", event))
        elif isinstance(event, BotUttered):
            said.extend(_said("bot", event))
    slots = {name: slot.value for name, slot in tracker.slots.items() if slot.value is not None}
    return Situation(intent=intent, slots=slots, said=tuple(said))


def _said(speaker: str, event: UserUttered | BotUttered) -> Iterator[Said]:
    if event.text:
        at = datetime.fromtimestamp(event.timestamp, timezone.utc)
        mid = event.message_id if isinstance(event, UserUttered) else None
        yield Said(at=at, speaker=speaker, text=well_formed(event.text), mid=mid)
