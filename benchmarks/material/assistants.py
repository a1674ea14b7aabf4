"""An assistant, as the engine sees one, that says one thing only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.situation import Situation
from channels.dialogue.assistant import Turn

_MOST_TIME = timedelta(minutes=5)


class FollowingUp:
    """An assistant that answers each `handover_ended` with one text, and notes when.

    `ended_at` is by the sender's id, in seconds since 1970; `expected` is how many will end.
    """

    def __init__(self, expected: int) -> None:
        self.ended_at: dict[str, float] = {}
        self._expected = expected
        self._all_ended = asyncio.Event()

    def is_ready(self) -> bool:
        return True

    def language(self) -> str:
        return "en"

    def knows_intent(self, _: str) -> bool:
        return False

    def knows_entities(self, entities: Collection[str]) -> bool:
        return not entities

    async def read(self, _: str) -> tuple[str | None, float]:
        return None, 0.0

    async def situation(self, _: str) -> Situation:
        return Situation()

    async def response(self, _: str, __: str, ___: str) -> Mapping[str, Any] | None:
        return None

    async def take_turn(self, turn: Turn, output: OutputChannel) -> bool:
        await output.send_response(turn.sender_id, {"text": "You are back with the bot."})
        self.ended_at.setdefault(turn.sender_id, time.time())
        if len(self.ended_at) == self._expected:
            self._all_ended.set()
        return True

    async def all_ended(self) -> None:
        await asyncio.wait_for(self._all_ended.wait(), _MOST_TIME.total_seconds())
