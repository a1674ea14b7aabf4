"""An assistant that answers every message in two parts, and keeps a tracker as Rasa does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.situation import Situation
from channels.core.briefing.turns import HANDOVER_ENDED, HANDOVER_STARTED, external_text
from channels.dialogue.assistant import Turn

BACK_INTENT = "back_to_bot"
PLANS_ASKED_FOR = {
    "human": "default",
    **{name: name for name in ("sales", "office", "evening", "astray", "nowhere")},
}
NEVER_MIND = "never mind"
SCORES: dict[str, int | str] = {"great": 5, "poor": "bad", "/good": "good"}
READ_AS_BACK = "I am done with her"
HANDED_OVER_AGAIN = ("failed", "unanswered")  # reasons whose follow-up asks for the next handover


class TrackingAssistant:
    """The Assistant seam; it can hang in the middle of its answers, or fail a turn.

    Without its action server it goes on as Rasa does: nobody asks for the handover. `rating` is
    entered while a user's score is kept.
    """

    def __init__(self, *, knows_of_starts: bool) -> None:
        self.tracker: list[Turn] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.failures_to_come = 0
        self.has_actions = True
        self.rating: Callable[[Turn], AbstractContextManager[None]] = lambda _: nullcontext()
        self._knows_of_starts = knows_of_starts

    def is_ready(self) -> bool:
        return True

    def language(self) -> str:
        return "en"

    def knows_intent(self, intent: str) -> bool:
        return intent == HANDOVER_STARTED and self._knows_of_starts

    def knows_entities(self, entities: Collection[str]) -> bool:
        return not entities

    async def read(self, text: str) -> tuple[str | None, float]:
        return (BACK_INTENT, 0.9) if text == READ_AS_BACK else ("chitchat", 0.9)

    async def situation(self, _: str) -> Situation:
        return Situation()

    async def response(self, name: str, _: str, __: str) -> Mapping[str, Any] | None:
        return {"text": "I'm connecting you.", "utter_action": name}

    async def take_turn(self, turn: Turn, output: OutputChannel) -> bool:
        if turn.once and any(turn.message_id == taken.message_id for taken in self.tracker):
            return False
        await output.send_response(turn.sender_id, {"text": answer_to(turn.text)})
        await self.goes_on.wait()
        if self.failures_to_come:
            self.failures_to_come -= 1
            raise RasaFails
        asked_for = PLANS_ASKED_FOR.get(turn.text)
        if turn.text in SCORES:
            score = _custom(handover_feedback={"score": SCORES[turn.text]})
            with self.rating(turn):
                await output.send_response(turn.sender_id, score)
        for response in _second_part(turn, has_actions=self.has_actions):
            await output.send_response(turn.sender_id, response)
        self.tracker.append(turn)
        if asked_for is not None and not self.has_actions:
            wishes = {"plan": asked_for, "bot_failed": True}  # as RasaAssistant does
            await output.send_response(turn.sender_id, {"custom": {"handover": wishes}})
        return True

    def ends_of(self, session_id: str) -> int:
        """How often the tracker has `handover_ended` of this session."""
        return self._count(HANDOVER_ENDED, session_id)

    def starts_of(self, session_id: str) -> int:
        """How often the tracker has `handover_started` of this session."""
        return self._count(HANDOVER_STARTED, session_id)

    def _count(self, intent: str, session_id: str) -> int:
        return sum(
            turn.text == external_text(intent)
            and turn.metadata["handover"]["session_id"] == session_id
            for turn in self.tracker
        )


class RasaFails(Exception):
    """A policy or an action of the assistant's has failed."""


def answer_to(text: str) -> str:
    """The first part of the answer."""
    return f"re: {text}"


def _second_part(turn: Turn, *, has_actions: bool) -> list[Mapping[str, Any]]:
    if turn.text in PLANS_ASKED_FOR:
        asked = [_custom(handover={"plan": PLANS_ASKED_FOR[turn.text]})] if has_actions else []
        return [*asked, {"text": "too late, unless nobody has come"}]
    if turn.text == NEVER_MIND:
        return [_custom(handover={"cancel": True}), {"text": "as you like"}]
    if turn.metadata.get("handover", {}).get("reason") in HANDED_OVER_AGAIN:
        return [{"text": "somebody else will help"}, _custom(handover={"plan": "default"})]
    return [{"text": "what else?"}]


def _custom(**payload: Any) -> Mapping[str, Any]:
    return {"custom": payload}
