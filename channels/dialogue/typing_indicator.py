"""What a user sees before the answer: that the bot has seen the message, and is typing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass

from ..core.errors import GraphError
from ..core.events import Thread
from ..graph.protocol import Graph, SenderAction
from ..instruments.log_fields import thread_fields

logger = logging.getLogger(__name__)

_PATIENCE = 2.0  # seconds to wait for Meta's answer to "typing", before it is taken off


@dataclass(slots=True, eq=False)
class _Shown:
    """What is shown of one turn."""

    showing: asyncio.Task[None] | None = None
    types: bool = False


class TypingIndicator:
    """Shows both beside the turn, which never waits for them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._unanswered: dict[Thread, _Shown] = {}  # the latest turn of each
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, thread: Thread) -> None:
        """A turn of the thread begins."""
        shown = self._unanswered[thread] = _Shown()
        shown.showing = self._start(self._show(thread, shown))

    def answered(self, thread: Thread) -> None:
        """The answer goes out now and takes "typing" off; if shown after that, it would stay on."""
        self._unanswered.pop(thread, None)

    def end(self, thread: Thread) -> None:
        """The turn is over and has said nothing: take "typing" off, if it is on."""
        self._start(self.ended(thread))

    async def ended(self, thread: Thread) -> None:
        """The same; returns once Meta has been told, or has not answered in time."""
        shown = self._unanswered.pop(thread, None)
        if shown is None or not shown.types or shown.showing is None:
            return
        await asyncio.wait({shown.showing}, timeout=_PATIENCE)
        try:
            await self._graph.sender_action(thread, SenderAction.TYPING_OFF)
        except GraphError as error:
            logger.info(
                "The typing indicator could not be switched off: %s",
                error,
                extra=thread_fields(thread),
            )

    async def stop(self) -> None:
        """Drop what is not shown yet."""
        for indication in self._under_way:
            indication.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _start(self, step: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(step)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _show(self, thread: Thread, shown: _Shown) -> None:
        try:
            await self._graph.sender_action(thread, SenderAction.MARK_SEEN)
            if self._unanswered.get(thread) is shown:
                shown.types = True
                await self._graph.sender_action(thread, SenderAction.TYPING_ON)
        except GraphError as error:
            logger.info(
                "The user could not be shown that the bot has seen a message, or is typing: %s",
                error,
                extra=thread_fields(thread),
            )
