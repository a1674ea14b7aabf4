"""An assistant that answers by a script and behaves as Rasa does around it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.situation import Situation
from channels.core.errors import RasaUnavailable
from channels.dialogue.assistant import Turn
from channels.instruments.leases import still_ours

HANDOVER = {"custom": {"handover": {"plan": "default"}}}


@dataclass(frozen=True)
class Unmade:
    """A handover by this plan, whose action could not run, so that the channel stands in for it."""

    plan: str


# A response, a failure of Rasa's own, something that the turn waits for, a handover that its action
# could not ask for, or somebody who keeps the turn's output, as Rasa does for a reminder.
Step = (
    str
    | Mapping[str, Any]
    | BaseException
    | asyncio.Event
    | Unmade
    | Callable[[OutputChannel], object]
)


class TrackerStore:
    """The turns that Rasa has saved; it outlives the process."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    async def has(self, sender_id: str, message_id: str) -> bool:
        return any(
            turn.sender_id == sender_id and turn.message_id == message_id for turn in self.turns
        )

    async def save(self, turn: Turn) -> None:
        self.turns.append(turn)


class Locks:
    """Rasa's lock store: one turn of a user at a time, whichever worker takes it."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[object, asyncio.Event]] = {}

    @asynccontextmanager
    async def lock(self, sender_id: str, holder: object) -> AsyncIterator[None]:
        while sender_id in self._held:
            _, free = self._held[sender_id]
            await free.wait()
        self._held[sender_id] = (holder, asyncio.Event())
        try:
            yield
        finally:
            self.expire(holder, sender_id)

    def expire(self, holder: object, *sender_ids: str) -> None:
        """Free what the holder has locked: these, or all."""
        for sender_id in sender_ids or list(self._held):
            held_by, free = self._held.get(sender_id, (None, None))
            if held_by is holder and free is not None:
                del self._held[sender_id]
                free.set()


@dataclass(kw_only=True)
class Script:
    """What the assistant says to a text; to the end of a handover: what it says to its reason.

    `once` has what it does instead the next time, or the next times, that it hears a text.
    `readings` has the intents, with their confidence, that its NLU reads in texts. `responses` has
    those of its domain that the channel may say by itself.
    """

    answers: dict[str, Sequence[Step]] = field(default_factory=dict)
    once: defaultdict[str, list[Sequence[Step]]] = field(default_factory=lambda: defaultdict(list))
    is_ready: bool = True
    language: str = "en"
    intents: frozenset[str] = frozenset({"handover_started", "handover_ended"})
    situation: Situation = Situation()  # noqa: RUF009 (it is frozen)
    readings: dict[str, tuple[str, float]] = field(default_factory=dict)
    responses: dict[str, Mapping[str, Any] | Exception] = field(default_factory=dict)

    def steps(self, turn: Turn) -> Sequence[Step]:
        heard = reason_of(turn) or turn.text
        if self.once[heard]:
            return self.once[heard].pop(0)
        silent = turn.text == "EXTERNAL: handover_started"
        return self.answers.get(heard, [] if silent else [f"re: {heard}"])


class ScriptedAssistant:
    """The Assistant seam: a lock for each sender, and a tracker that is saved last."""

    def __init__(self, script: Script, tracker_store: TrackerStore, locks: Locks) -> None:
        self._script = script
        self._tracker_store = tracker_store
        self._locks = locks
        self.turns_at_once = 0
        self.most_turns_at_once = 0

    def is_ready(self) -> bool:
        return self._script.is_ready

    def watch_turns(self) -> None:
        """A script says itself what could not run."""

    def language(self) -> str:
        self._check_model()
        return self._script.language

    def _check_model(self) -> None:
        if not self._script.is_ready:
            raise RasaUnavailable("No model")

    def knows_intent(self, intent: str) -> bool:
        self._check_model()
        return intent in self._script.intents

    def knows_entities(self, entities: Collection[str]) -> bool:
        return not entities

    async def read(self, text: str) -> tuple[str | None, float]:
        return self._script.readings.get(text, (None, 0.0))

    async def situation(self, _: str) -> Situation:
        return self._script.situation

    async def response(self, name: str, _: str, __: str) -> Mapping[str, Any] | None:
        self._check_model()
        found = self._script.responses.get(name)
        if isinstance(found, Exception):
            raise found
        return None if found is None else {**found, "utter_action": name}

    async def take_turn(self, turn: Turn, output: OutputChannel) -> bool:
        self._check_model()
        async with self._locks.lock(turn.sender_id, self):
            if turn.once and await self._tracker_store.has(turn.sender_id, turn.message_id):
                return False
            self.turns_at_once += 1
            self.most_turns_at_once = max(self.turns_at_once, self.most_turns_at_once)
            try:
                for step in self._script.steps(turn):
                    await _do(step, turn.sender_id, output)
            finally:
                self.turns_at_once -= 1
            await still_ours()  # as RasaAssistant has it checked before a save
            await self._tracker_store.save(turn)
            return True


def reason_of(turn: Turn) -> str | None:
    """The reason, if the turn is the end of a handover."""
    handover = turn.metadata.get("handover")
    return None if handover is None else handover.get("reason")


async def _do(step: Step, sender_id: str, output: OutputChannel) -> None:
    if isinstance(step, BaseException):
        raise step
    if isinstance(step, asyncio.Event):
        await step.wait()
    elif isinstance(step, Unmade):
        await output.stand_in(sender_id, step.plan)
    elif callable(step):
        step(output)
    else:
        response = {"text": step} if isinstance(step, str) else dict(step)
        await output.send_response(sender_id, response)
