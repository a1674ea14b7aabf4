"""Assistants, as the engine sees them, that say one thing or nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.situation import Situation
from channels.core.briefing.turns import HANDOVER_STARTED
from channels.dialogue.assistant import Turn

_MOST_TIME = timedelta(minutes=5)


class _Assistant:
    """Notes when each sender's first turn was taken, in seconds since 1970."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._taken_at: dict[str, float] = {}
        self._all_taken = asyncio.Event()

    def is_ready(self) -> bool:
        return True

    def watch_turns(self) -> None:
        pass

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

    def _note(self, turn: Turn) -> None:
        self._taken_at.setdefault(turn.sender_id, time.time())
        if len(self._taken_at) == self._expected:
            self._all_taken.set()

    async def _all(self) -> None:
        await asyncio.wait_for(self._all_taken.wait(), _MOST_TIME.total_seconds())


class FollowingUp(_Assistant):
    """An assistant that answers each `handover_ended` with one text, and notes when.

    `ended_at` is by the sender's id, in seconds since 1970; `expected` is how many will end.
    """

    @property
    def ended_at(self) -> Mapping[str, float]:
        return self._taken_at

    async def take_turn(self, turn: Turn, output: OutputChannel) -> bool:
        await output.send_response(turn.sender_id, {"text": "You are back with the bot."})
        self._note(turn)
        return True

    async def all_ended(self) -> None:
        await self._all()


class Listening(_Assistant):
    """An assistant that says nothing to any of the `expected` number of `handover_started`."""

    @property
    def last_heard_at(self) -> float:
        return max(self._taken_at.values())

    def knows_intent(self, intent: str) -> bool:
        return intent == HANDOVER_STARTED

    async def take_turn(self, turn: Turn, _: OutputChannel) -> bool:
        self._note(turn)
        return True

    async def all_heard(self) -> None:
        await self._all()
