"""Rasa's turns: what it is told, and the output that carries its answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from .assistant import Assistant, Turn
from .clock import Clock
from .errors import GraphError
from .events import Postback, Thread, UserMessage
from .graph import Graph, SenderAction
from .output import Delivered, MessengerOutput
from .sessions import Cause, Session
from .settings import Settings
from .turns import (
    ended_metadata,
    ended_parse_data,
    ended_text,
    metadata_for_rasa,
    text_for_rasa,
)

logger = logging.getLogger(__name__)

READY_INTERVAL = timedelta(milliseconds=250)  # between looks for a loaded model
_MOST_UNFINISHED = 1000  # turns whose deliveries are remembered for another try


class Dialogue:
    """Lets Rasa take turns, as many at once as `max-turns` allows.

    `is_silent` and `hand_over` are what the output asks of the engine; `hand_over` also gets
    what led to it, or None if Rasa did so on its own.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        graph: Graph,
        clock: Clock,
        assistant: Assistant,
        is_silent: Callable[[Thread], Awaitable[bool]],
        hand_over: Callable[[Thread, Mapping[str, Any], Cause | None], Awaitable[bool]],
    ) -> None:
        self._settings = settings
        self._graph = graph
        self._clock = clock
        self._assistant = assistant
        self._is_silent = is_silent
        self._hand_over = hand_over
        self._places = asyncio.Semaphore(settings.max_turns)
        self._unfinished: dict[str, Delivered] = {}
        self._indications: set[asyncio.Task[None]] = set()

    async def route(self, event: UserMessage | Postback, *, repeated: bool) -> None:
        """Let Rasa answer what the user said.

        A `repeated` event may have been answered before a crash: the tracker tells.
        """
        turn = Turn(
            sender_id=event.thread.user,
            text=text_for_rasa(event, typed_intents=self._settings.typed_intents),
            message_id=event.mid or event.key,
            metadata=metadata_for_rasa(event),
            once=repeated,
        )
        await self._ready()
        if not repeated:
            self._indicate(event.thread)
        await self._take(turn, event.thread, Cause(at=event.at, key=event.key))

    async def tell(self, session: Session) -> None:
        """Let Rasa handle `handover_ended`, unless its tracker shows that it has."""
        if session.reason is None:
            return
        turn = Turn(
            sender_id=session.thread.user,
            text=ended_text(),
            message_id=session.ended_message_id,
            metadata=ended_metadata(session),
            parse_data=ended_parse_data(session.reason),
            once=True,
        )
        await self._ready()
        cause = Cause(at=session.ended_at or self._clock.now(), key=turn.message_id)
        await self._take(turn, session.thread, cause)

    def output(
        self,
        *,
        cause: Cause | None = None,
        delivered: Delivered | None = None,
        page: str | None = None,
    ) -> MessengerOutput:
        """An output for one turn; without a `cause`, for what Rasa says on its own."""
        return MessengerOutput(
            graph=self._graph,
            page=page,
            is_silent=self._is_silent,
            hand_over=self._hand_over,
            cause=cause,
            delivered=delivered or Delivered(),
        )

    async def stop(self) -> None:
        """Give up what is shown to users besides messages."""
        for indication in self._indications:
            indication.cancel()
        await asyncio.gather(*self._indications, return_exceptions=True)

    async def _take(self, turn: Turn, thread: Thread, cause: Cause) -> None:
        delivered = self._unfinished.pop(turn.message_id, None) or Delivered()
        output = self.output(cause=cause, delivered=delivered, page=thread.page)
        try:
            async with self._places:
                await self._assistant.take_turn(turn, output)
        except Exception:
            self._remember(turn.message_id, delivered)
            raise
        finally:
            output.end_turn()

    def _remember(self, message_id: str, delivered: Delivered) -> None:
        self._unfinished[message_id] = delivered
        if len(self._unfinished) > _MOST_UNFINISHED:
            self._unfinished.pop(next(iter(self._unfinished)))

    async def _ready(self) -> None:
        while not self._assistant.is_ready():
            await self._clock.sleep(READY_INTERVAL)

    def _indicate(self, thread: Thread) -> None:
        """Show "seen" and "typing" beside the turn, which does not wait for it."""
        indication = asyncio.create_task(self._show(thread))
        self._indications.add(indication)
        indication.add_done_callback(self._indications.discard)

    async def _show(self, thread: Thread) -> None:
        try:
            await self._graph.sender_action(thread, SenderAction.MARK_SEEN)
            await self._graph.sender_action(thread, SenderAction.TYPING_ON)
        except GraphError as error:
            logger.info("Neither seen nor typing could be shown: %s", error)
