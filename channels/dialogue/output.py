"""MessengerOutput: what Rasa's output channel is on Messenger."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rasa.core.channels.channel import OutputChannel

from ..core.errors import TRY_LATER, GraphError, NotThreadOwner
from ..core.events import Platform, Thread
from ..core.limits import INSTAGRAM, MESSENGER
from ..core.sessions import Cause
from ..graph.protocol import Graph
from ..instruments.log_fields import thread_fields
from .cut_turns import Delivered
from .rendering.response import render

logger = logging.getLogger(__name__)

_LIMITS = {Platform.MESSENGER: MESSENGER, Platform.INSTAGRAM: INSTAGRAM}
HANDOVER = "handover"  # the key of the payload by which an action asks for a handover


class MessengerOutput(OutputChannel):
    """Sends Rasa's responses to a thread, in order, and performs handovers.

    Every method returns once Meta has taken the message, so nothing can overtake it. Once
    control has been handed over, nothing more is sent, and a warning names the response.
    Raises GraphUnavailable, GraphThrottled or TokenRefused, since trying the turn again later can
    help; every other refusal of Meta's is logged with its remedy, and the turn goes on.

    `is_silent` tells whether somebody else has the thread; `hand_over` performs what
    `action_handover` asks for and tells whether the thread is then the bot's no more; `lost` is
    told of a send that was refused because another app has the thread; `answers` is told before
    each send. Without a `thread` of its own it finds the recipients' threads by `thread_of`.

    `cause` is what the turn answers, until `end_turn`. Rasa keeps a turn's output for the
    reminders that the turn has set: each of their responses counts by itself.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        thread: Thread | None,
        thread_of: Callable[[str], Awaitable[Thread]],
        is_silent: Callable[[Thread], Awaitable[bool]],
        hand_over: Callable[[Thread, Mapping[str, Any], Cause | None], Awaitable[bool]],
        lost: Callable[[Thread, Cause | None], Awaitable[None]],
        answers: Callable[[Thread], None],
        cause: Cause | None,
        delivered: Delivered,
    ) -> None:
        self._graph = graph
        self._own_thread = thread
        self._thread_of = thread_of
        self._is_silent = is_silent
        self._perform_handover = hand_over
        self._lost = lost
        self._answers = answers
        self._cause = cause
        self._tried = delivered.replay()
        self._silenced_by: str | None = None
        self._checked = False

    @classmethod
    def name(cls) -> str:
        return Platform.MESSENGER.value

    def end_turn(self) -> None:
        """What is sent from now on is said by Rasa on its own."""
        self._cause = None

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        if self._cause is None:
            self._checked, self._silenced_by = False, None
        custom = message.get("custom")
        if isinstance(custom, Mapping) and HANDOVER in custom:
            await self._deliver(recipient_id, {**message, "custom": None})
            await self._hand_over(recipient_id, custom[HANDOVER])
            return
        await self._deliver(recipient_id, message)

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

    async def _hand_over(self, recipient_id: str, wishes: object) -> None:
        if not isinstance(wishes, Mapping):
            logger.error(
                "A custom payload asked for a handover with %s instead of a mapping; write "
                '{"handover": {"plan": "default"}}. The default plan is used.',
                type(wishes).__name__,
            )
            wishes = {}
        if await self._perform_handover(await self._thread(recipient_id), wishes, self._cause):
            self._silenced_by = "control of the thread has been handed over"

    async def _deliver(self, recipient_id: str, response: Mapping[str, Any]) -> None:
        thread = await self._thread(recipient_id)
        rendered = render(response, _LIMITS[thread.platform])
        for note in rendered.notes:
            logger.warning("%s %s", _name_of(response), note, extra=thread_fields(thread))
        for message in rendered.messages:
            if await self._may_send(thread, response):
                await self._send(thread, message, response)

    async def _may_send(self, thread: Thread, response: Mapping[str, Any]) -> bool:
        if not self._checked:
            self._checked = True
            if await self._is_silent(thread):
                self._silenced_by = "a live agent has the thread"
        if self._silenced_by is not None:
            logger.warning(
                "%s was not sent, because %s. If the user is to read it, let the rule send it "
                "before action_handover.",
                _name_of(response),
                self._silenced_by,
                extra=thread_fields(thread),
            )
        return self._silenced_by is None

    async def _send(
        self, thread: Thread, message: Mapping[str, Any], response: Mapping[str, Any]
    ) -> None:
        if self._tried.has(message):
            return
        self._answers(thread)
        try:
            await self._graph.send(thread, message)
        except TRY_LATER:
            raise
        except NotThreadOwner:
            self._silenced_by = "another app controls the thread"
            await self._may_send(thread, response)
            await self._lost(thread, self._cause)
        except GraphError as error:
            logger.error(
                "%s was not sent: %s", _name_of(response), error, extra=thread_fields(thread)
            )
        else:
            self._tried.add(message)

    async def _thread(self, recipient_id: str) -> Thread:
        return self._own_thread or await self._thread_of(recipient_id)


class InstagramOutput(MessengerOutput):
    """The same for Instagram, where a domain's `channel: instagram` responses apply."""

    @classmethod
    def name(cls) -> str:
        return Platform.INSTAGRAM.value


def _name_of(response: Mapping[str, Any]) -> str:
    name = response.get("utter_action")
    return f"The response {name}" if name else "A message of a custom action"
