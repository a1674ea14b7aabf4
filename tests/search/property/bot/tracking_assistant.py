"""An assistant that answers every message in two parts, and keeps a tracker as Rasa does."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.situation import Situation
from channels.core.briefing.turns import HANDOVER_ENDED, HANDOVER_STARTED, external_text
from channels.core.errors import ClaimLost
from channels.dialogue.assistant import Turn
from channels.instruments.clock import Clock
from channels.instruments.leases import still_ours, surely_ours
from tests.search.property.bot.processes import Process

BACK_INTENT = "back_to_bot"
PLANS_ASKED_FOR = {
    "human": "default",
    **{name: name for name in ("sales", "office", "evening", "astray", "nowhere")},
}
NEVER_MIND = "never mind"
SCORES: dict[str, int | str] = {"great": 5, "poor": "bad", "/good": "good"}
READ_AS_BACK = "I am done with her"
HANDED_OVER_AGAIN = ("failed", "unanswered")  # reasons whose follow-up asks for the next handover


@dataclass(kw_only=True)
class Attempt:
    """A worker's attempt at a turn that has run the turn's action."""

    turn: Turn
    process: Process
    began_at: datetime
    was_cut: bool = False

    @property
    def may_be_repeated(self) -> bool:
        """Whether there may be another one: it was cut, or its worker was too late for it."""
        return self.was_cut or self.process.may_have_lost_claims(since=self.began_at)


class TrackingAssistant:
    """Rasa, as all workers have it; it can hang in the middle of its answers, or fail a turn.

    Each turn has an action, which has run before the turn goes on. Without its action server it
    goes on as Rasa does: nobody asks for the handover. `attempts` has those of each turn, by its
    message id. `saved_late` has the turns that were saved by a worker that stood still after its
    last look whether they were its own, `acted_late` those that would have gone on to their action
    although they may have been another worker's.
    """

    def __init__(self, *, knows_of_starts: bool, clock: Clock) -> None:
        self.tracker: list[Turn] = []
        self.attempts: defaultdict[str, list[Attempt]] = defaultdict(list)
        self.saved_late: set[str] = set()
        self.acted_late: list[str] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.failures_to_come = 0
        self.has_actions = True
        self._knows_of_starts = knows_of_starts
        self._clock = clock

    def is_ready(self) -> bool:
        return True

    def watch_turns(self) -> None:
        pass

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

    async def attempt(
        self,
        turn: Turn,
        output: OutputChannel,
        *,
        process: Process,
        rating: Callable[[Turn], AbstractContextManager[None]],
    ) -> bool:
        """A process takes a turn; `rating` is entered while a user's score is kept."""
        if turn.once and any(turn.message_id == taken.message_id for taken in self.tracker):
            return False
        attempt = Attempt(turn=turn, process=process, began_at=self._clock.now())
        try:
            await self._act(attempt, output, rating)
        except (RasaFails, asyncio.CancelledError):
            attempt.was_cut = True
            raise
        return True

    async def _act(
        self,
        attempt: Attempt,
        output: OutputChannel,
        rating: Callable[[Turn], AbstractContextManager[None]],
    ) -> None:
        turn, process = attempt.turn, attempt.process
        await output.send_response(turn.sender_id, {"text": answer_to(turn.text)})
        if not are_surely_ours():
            self.acted_late.append(turn.text)
        await process.carry("action", lambda: self._run(attempt))
        if self.failures_to_come:
            self.failures_to_come -= 1
            raise RasaFails
        asked_for = PLANS_ASKED_FOR.get(turn.text)
        has_actions = self.has_actions
        if turn.text in SCORES:
            score = _custom(handover_feedback={"score": SCORES[turn.text]})
            with rating(turn):
                await output.send_response(turn.sender_id, score)
        for response in _second_part(turn, has_actions=has_actions):
            await output.send_response(turn.sender_id, response)
        if asked_for is not None and not has_actions:
            await output.stand_in(turn.sender_id, asked_for)  # as RasaAssistant does
        await self._save(attempt)

    async def _run(self, attempt: Attempt) -> None:
        self.attempts[attempt.turn.message_id].append(attempt)
        await self.goes_on.wait()

    async def _save(self, attempt: Attempt) -> None:
        looked_at = self._clock.now()
        await still_ours()  # as RasaAssistant has it checked before a save
        if attempt.process.may_have_lost_claims(since=looked_at):
            self.saved_late.add(attempt.turn.message_id)
        self.tracker.append(attempt.turn)

    def ends_of(self, session_id: str) -> int:
        """How often the tracker has `handover_ended` of this session."""
        return self._count(HANDOVER_ENDED, session_id)

    def starts_of(self, session_id: str) -> int:
        """How often the tracker has `handover_started` of this session."""
        return self._count(HANDOVER_STARTED, session_id)

    def _count(self, intent: str, session_id: str) -> int:
        """Without what was saved once more between a worker's last look and its saving."""
        return len(
            {
                turn.message_id if turn.message_id in self.saved_late else number
                for number, turn in enumerate(self.tracker)
                if turn.text == external_text(intent)
                and turn.metadata["handover"]["session_id"] == session_id
            }
        )


def are_surely_ours() -> bool:
    """Whether nobody else can have taken over what is under way."""
    try:
        surely_ours()
    except ClaimLost:
        return False
    return True


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
