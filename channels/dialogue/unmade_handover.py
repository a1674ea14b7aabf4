"""Handovers that an action was to ask for, and could not: it raised, or its server is away.

Rasa goes on then, and writes the action into the tracker like any other, without its events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered

HANDOVER_ACTION = "action_handover"
AVAILABILITY_ACTION = "action_handover_availability"
PLAN_SLOT = "handover_plan"
DEFAULT_PLAN = "default"

_saved: ContextVar[list[Any] | None] = ContextVar("saved_trackers", default=None)


@contextmanager
def trackers_saved_by(processor: Any) -> Iterator[list[Any]]:
    """The trackers that Rasa saves in the turn inside, so that nobody has to read them again."""
    _watch(processor)
    trackers: list[Any] = []
    token = _saved.set(trackers)
    try:
        yield trackers
    finally:
        _saved.reset(token)


def _watch(processor: Any) -> None:
    save = getattr(processor, "save_tracker", None)
    if save is None or getattr(save, "is_watched", False):
        return

    async def save_and_show(tracker: Any) -> None:
        await save(tracker)
        trackers = _saved.get()
        if trackers is not None:
            trackers.append(tracker)

    save_and_show.is_watched = True  # type: ignore[attr-defined]
    processor.save_tracker = save_and_show


def unmade_handover(tracker: Any) -> str | None:
    """The plan of the handover that the last turn's action was to ask for; None if none was.

    Whether one was asked for after all, the turn's output knows.
    """
    turn = _last_turn(tracker.events)
    for number, event in enumerate(turn):
        if _was_to_hand_over(event, turn[number + 1 :]):
            slot = tracker.slots.get(PLAN_SLOT)
            plan = None if slot is None else slot.value
            return plan if isinstance(plan, str) and plan else DEFAULT_PLAN
    return None


def _last_turn(events: Any) -> list[Any]:
    turn: list[Any] = []
    for event in reversed(events):
        if isinstance(event, UserUttered):
            break
        turn.append(event)
    return turn[::-1]


def _was_to_hand_over(event: Any, after: Sequence[Any]) -> bool:
    name = event.action_name if isinstance(event, ActionExecuted) else None
    if name is None or not name.startswith(HANDOVER_ACTION):
        return False
    return not (name.startswith(AVAILABILITY_ACTION) and _sets_a_slot(after))


def _sets_a_slot(events: Sequence[Any]) -> bool:
    """Before the next action: the one before it has run, then."""
    for event in events:
        if isinstance(event, (ActionExecuted, SlotSet)):
            return isinstance(event, SlotSet)
    return False
