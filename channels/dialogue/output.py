"""MessengerOutput: Rasa's output channel for Messenger."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from rasa.core.channels.channel import OutputChannel

from ..core.errors import BotSilenced
from ..core.events import Platform, Thread
from ..core.meta.limits import INSTAGRAM, MESSENGER
from ..core.meta.splitting import well_formed
from ..core.sessions.session import Session, State
from ..graph.threads import Threads
from ..handover.feedback import FeedbackKeeper
from ..handover.opening import Openings
from ..handover.waiting import WaitingRoom
from ..instruments.leases import still_ours
from ..instruments.log_fields import session_fields, thread_fields
from .outbox import Outbox, Sayings
from .rendering.fitting import Fitter
from .rendering.response import render

logger = logging.getLogger(__name__)

_LIMITS = {Platform.MESSENGER: MESSENGER, Platform.INSTAGRAM: INSTAGRAM}
# The keys of the payloads with which an action, or a response, asks for a handover, and reports
# what the user thought of one.
HANDOVER, FEEDBACK = "handover", "handover_feedback"
_ASKING = {HANDOVER, FEEDBACK}
# What the user reads before a handover that the channel makes because the bot has failed.
CONNECTING = "utter_connecting"
CANCEL = "cancel"  # a key inside HANDOVER: a waiting handover is not wanted any more
_MEANT = {"true", "yes", "1"}  # YAML 1.2 reads yes as a text, and templates write texts


class MessengerOutput(OutputChannel):
    """Stores Rasa's responses, to be sent in order, and opens the handovers that actions ask for.

    Every method returns once the message is stored: Meta can neither delay a turn nor make it fail.
    While the store is unavailable, the turn waits (`turn_time`). Once a handover has been asked
    for, nothing more is said, and a warning names the response. Without a `thread` of its own, the
    output finds the recipients' threads. Raises ClaimLost.

    `sayings` are those of one turn, until `end_turn`. Rasa keeps a turn's output for the
    reminders that the turn has set: each of their responses is a turn of its own.

    `in_silence`: nothing is said, and nothing is handed over. `held`: what is said waits until the
    user has written. `connecting` returns the response CONNECTING, if there is one: if the channel
    hands over because the bot has failed, the user reads it, unless the turn has said it.
    """

    def __init__(
        self,
        *,
        sayings: Sayings,
        outbox: Outbox,
        threads: Threads,
        openings: Openings,
        waiting_room: WaitingRoom,
        feedback: FeedbackKeeper,
        connecting: Callable[[Thread], Awaitable[Mapping[str, Any] | None]] | None = None,
        thread: Thread | None = None,
        in_silence: bool = False,
        held: bool = False,
    ) -> None:
        self._sayings = sayings
        self.turn_time = sayings.turn_time
        self._outbox = outbox
        self._threads = threads
        self._openings = openings
        self._waiting_room = waiting_room
        self._feedback = feedback
        self._connecting = connecting
        self._own_thread = thread
        self._held = held
        self._is_cut_off = False
        self._silenced_by: str | None = None
        self._in_silence = in_silence
        self._to_pass: Session | None = None
        self.has_ended = False
        self.has_asked = False  # for a handover
        self.has_spoken = False  # or has handed over, which takes "typing" off, too

    @classmethod
    def name(cls) -> str:
        return Platform.MESSENGER.value

    @property
    def is_silenced(self) -> bool:
        """Whether somebody else has the thread, or is about to get it."""
        return self._silenced_by is not None

    def end_turn(self) -> None:
        """Begin the turn's handover; what is said from now on is no longer part of the turn.

        The handover does not begin earlier, because the agent's app is told what the turn has left
        in the tracker.
        """
        self.has_ended = True
        self._pass_control()

    def cut_off(self) -> None:
        """The turn has been given up: what it says from now on is dropped."""
        self._is_cut_off = True

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        if self._is_cut_off:
            logger.warning("%s was not sent: its turn took too long.", name_of(message))
            return
        await self._respond(recipient_id, message)
        # If this worker has stood still, Rasa must not go on to the turn's next action.
        await self.turn_time.until_stored(still_ours)

    async def _respond(self, recipient_id: str, message: dict[str, Any]) -> None:
        self._begin_own_turn()
        asked, rest = _asked_in(message)
        for each in asked:
            if FEEDBACK in each:
                thread = await self._thread(recipient_id)
                keep = partial(self._feedback.keep, thread, each[FEEDBACK])
                await self.turn_time.until_stored(keep)
        if not asked or any(rest.values()):
            await self._say(recipient_id, rest)
        for each in asked:
            if HANDOVER in each:
                await self._hand_over(recipient_id, each[HANDOVER])

    def _begin_own_turn(self) -> None:
        """If the turn has ended, Rasa says this on its own."""
        if self.has_ended:
            self._sayings = self._sayings.on_its_own()
            self._silenced_by, self._in_silence, self._held = None, False, False

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        await self.send_response(recipient_id, {"text": text, **kwargs})

    async def send_image_url(self, recipient_id: str, image: str, **kwargs: Any) -> None:
        await self.send_response(recipient_id, {"image": image, **kwargs})

    async def send_attachment(self, recipient_id: str, attachment: Any, **kwargs: Any) -> None:
        await self.send_response(recipient_id, {"attachment": attachment, **kwargs})

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        await self.send_response(recipient_id, {"text": text, "buttons": buttons, **kwargs})

    async def send_quick_replies(
        self, recipient_id: str, text: str, quick_replies: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        response = {"text": text, "quick_replies": quick_replies, **kwargs}
        await self.send_response(recipient_id, response)

    async def send_elements(self, recipient_id: str, elements: Any, **kwargs: Any) -> None:
        await self.send_response(recipient_id, {"elements": elements, **kwargs})

    async def send_custom_json(
        self, recipient_id: str, json_message: dict[str, Any], **kwargs: Any
    ) -> None:
        await self.send_response(recipient_id, {"custom": json_message, **kwargs})

    async def stand_in(self, recipient_id: str, plan: str | None) -> None:
        """Ask for a handover in place of one of our actions that could not run, or of the bot."""
        if not self._is_cut_off:
            self._begin_own_turn()
            await self._hand_over(recipient_id, {"plan": plan}, has_bot_failed=True)

    async def _hand_over(
        self, recipient_id: str, asked: object, *, has_bot_failed: bool = False
    ) -> None:
        thread = await self._thread(recipient_id)
        wishes = _plain_wishes(asked, thread)
        until_stored = self.turn_time.until_stored
        may_step_in = partial(self._openings.may_step_in, thread)
        if has_bot_failed and (self._in_silence or not await until_stored(may_step_in)):
            return
        self.has_asked = True
        if str(wishes.get(CANCEL)).lower() in _MEANT:
            await until_stored(partial(self._waiting_room.cancel, thread))
            return
        opening = partial(
            self._openings.open,
            thread,
            wishes,
            self._sayings.turn.cause,
            has_bot_failed=has_bot_failed,
        )
        session = await until_stored(opening)
        if session.state is State.OPENING and self._sayings.turn.cause.has_led_to(session):
            if has_bot_failed:
                logger.warning(
                    "A thread is handed over: the bot failed.", extra=session_fields(session)
                )
                await self._say_that_it_connects(recipient_id, thread)
            self._to_pass = session
            if self.has_ended:
                self._pass_control()
            self.has_spoken = True
        if session.silences_the_bot:
            self._silenced_by = "control of the thread has been handed over"

    async def _say_that_it_connects(self, recipient_id: str, thread: Thread) -> None:
        response = None if self._connecting is None else await self._connecting(thread)
        if response is not None:
            await self._say(recipient_id, response)

    def _pass_control(self) -> None:
        if self._to_pass is not None:
            self._outbox.pass_control(self._to_pass)
            self._to_pass = None

    async def _say(self, recipient_id: str, response: Mapping[str, Any]) -> None:
        if response.get("utter_action") == CONNECTING:
            self._connecting = None
        thread = await self._thread(recipient_id)
        rendered = render(response, _LIMITS[thread.platform])
        for note in rendered.notes:
            logger.warning("%s: %s", name_of(response), note, extra=thread_fields(thread))
        if self._in_silence:
            return
        for message in rendered.messages:
            if self._silenced_by is None:
                await self._store_message(thread, message, response)
            if self._silenced_by is not None:
                self._warn_of_silence(thread, response)

    def _warn_of_silence(self, thread: Thread, response: Mapping[str, Any]) -> None:
        logger.warning(
            "%s was not sent, because %s. If a rule says it, have the rule say it before "
            "action_handover. If it is the question of a form that is under way, give the form "
            "its own rules for handovers, as docs/forms.md explains.",
            name_of(response),
            self._silenced_by,
            extra=thread_fields(thread),
        )

    async def _store_message(
        self, thread: Thread, message: Mapping[str, Any], response: Mapping[str, Any]
    ) -> None:
        name = name_of(response)
        try:
            await self._sayings.add(thread, message, response=name, held=self._held)
            self.has_spoken = True
        except BotSilenced:
            self._silenced_by = "a live agent has the thread"
        except (TypeError, msgspec.MsgspecError):
            logger.error(
                "%s was not sent: it holds a value that JSON does not have. An action may send "
                "only numbers, texts, lists and mappings.",
                name,
                extra=thread_fields(thread),
            )

    async def _thread(self, recipient_id: str) -> Thread:
        return self._own_thread or await self._threads.of(recipient_id)


def _asked_in(
    message: Mapping[str, Any],
) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """What a response's custom object, or each of a list of them, asks of the channel; and the
    response without that.
    """
    custom = message.get("custom")
    parts = custom if isinstance(custom, list) else [custom]
    asked = [part for part in parts if isinstance(part, Mapping) and part.keys() & _ASKING]
    if not asked:
        return [], message
    beside = [_without_asking(part) for part in parts]
    left = [part for part in beside if part]
    return asked, {**message, "custom": left if isinstance(custom, list) else beside[0]}


def _without_asking(part: Any) -> Any:
    if not isinstance(part, Mapping):
        return part
    return {key: part[key] for key in part if key not in _ASKING}


def _plain_wishes(asked: object, thread: Thread) -> Mapping[str, Any]:
    """What a handover was asked to be like, in a form that the store can keep."""
    if not isinstance(asked, Mapping):
        logger.error(
            "A custom payload asked for a handover with %s instead of a mapping; write "
            '{"handover": {"plan": "default"}}. The default plan is used.',
            type(asked).__name__,
        )
        return {}
    fitter = Fitter(_LIMITS[thread.platform])
    wishes: Mapping[str, Any] = fitter.parts({HANDOVER: asked}, [HANDOVER]).get(HANDOVER, {})
    for note in fitter.notes:
        logger.warning("In a custom payload, %s", note, extra=thread_fields(thread))
    return wishes


class InstagramOutput(MessengerOutput):
    """The same for Instagram, for which a domain's `channel: instagram` responses apply."""

    @classmethod
    def name(cls) -> str:
        return Platform.INSTAGRAM.value


def name_of(response: Mapping[str, Any]) -> str:
    """What the log calls a response."""
    name = response.get("utter_action")
    if isinstance(name, str) and name:
        return f"The response {well_formed(name)}"
    return "A message of a custom action"
