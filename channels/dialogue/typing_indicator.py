"""What a user is shown of a turn before its answer: "seen", and that the bot is typing."""

from __future__ import annotations

import asyncio
import logging

from ..core.errors import GraphError
from ..core.events import Thread
from ..graph.protocol import Graph, SenderAction
from ..instruments.log_fields import thread_fields

logger = logging.getLogger(__name__)


class TypingIndicator:
    """Shows both beside the turn, which never waits for them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._unanswered: dict[Thread, object] = {}  # the latest turn of each
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, thread: Thread) -> None:
        """A turn of the thread begins."""
        turn = self._unanswered[thread] = object()
        indication = asyncio.create_task(self._show(thread, turn))
        self._under_way.add(indication)
        indication.add_done_callback(self._under_way.discard)

    def answered(self, thread: Thread) -> None:
        """The answer goes out now: "typing" after it would stay for a while (Meta: 20 s)."""
        self._unanswered.pop(thread, None)

    async def stop(self) -> None:
        """Give up what is not shown yet."""
        for indication in self._under_way:
            indication.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _show(self, thread: Thread, turn: object) -> None:
        try:
            await self._graph.sender_action(thread, SenderAction.MARK_SEEN)
            if self._unanswered.get(thread) is turn:
                await self._graph.sender_action(thread, SenderAction.TYPING_ON)
        except GraphError as error:
            logger.info(
                "Neither seen nor typing could be shown: %s", error, extra=thread_fields(thread)
            )
        finally:
            if self._unanswered.get(thread) is turn:
                del self._unanswered[thread]
