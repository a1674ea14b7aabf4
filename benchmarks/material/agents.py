"""Agents that stand in for Rasa's, the same for both channels."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain

ANSWER = "Hello! What can I do for you?"


class AnsweringAgent:
    """Answers each message with one text, under Rasa's own lock, like `Agent.handle_message`.

    `work` is how long it waits before it answers. It remembers nothing.
    """

    def __init__(self, *, work: timedelta) -> None:
        self._work = work
        self.domain = Domain.empty()
        self.lock_store = InMemoryLockStore()
        self.tracker_store = InMemoryTrackerStore(self.domain)
        self.processor: Any = SimpleNamespace(
            model_metadata=SimpleNamespace(language="en"), handle_message=self._answer
        )

    def is_ready(self) -> bool:
        return True

    async def handle_message(self, message: UserMessage) -> None:
        async with self.lock_store.lock(message.sender_id):
            await self.processor.handle_message(message)

    async def _answer(self, message: UserMessage) -> None:
        if self._work:
            await asyncio.sleep(self._work.total_seconds())
        await message.output_channel.send_response(message.sender_id, {"text": ANSWER})
