"""Our own actions that could not run, because they raised or their server is away.

Rasa then goes on, and writes the action into the tracker like any other, without its events. For
the user's sake the channel does what they would have done: it asks for the handover, and says
whether anybody is there.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    BotUttered,
    SlotSet,
    UserUttered,
)

logger = logging.getLogger(__name__)

HANDOVER_ACTION = "action_handover"
AVAILABILITY_ACTION = "action_handover_availability"
FALLBACK_ACTION = "action_rephrase_or_handover"
PLAN_SLOT = "handover_plan"
DEFAULT_PLAN = "default"

_saved: ContextVar[deque[Any] | None] = ContextVar("saved_trackers", default=None)


@contextmanager
def trackers_saved_by(processor: Any) -> Iterator[deque[Any]]:
    """The tracker that Rasa saves last in the turn inside, so that it need not be read again.

    If `action_handover_availability` can't run in that turn, its slots are filled nonetheless.
    """
    _watch(processor)
    # At most one: Rasa's reminder timer keeps the context of the turn that started it, for all
    # users.
    trackers: deque[Any] = deque(maxlen=1)
    token = _saved.set(trackers)
    try:
        yield trackers
    finally:
        _saved.reset(token)


def _watch(processor: Any) -> None:
    save, run = getattr(processor, "save_tracker", None), getattr(processor, "_run_action", None)
    if save is None or run is None or getattr(save, "is_watched", False):
        return

    async def save_and_show(tracker: Any) -> None:
        await save(tracker)
        trackers = _saved.get()
        if trackers is not None:
            trackers.append(tracker)

    async def run_or_stand_in(action: Any, tracker: Any, *args: Any, **kwargs: Any) -> Any:
        goes_on = await run(action, tracker, *args, **kwargs)
        if _saved.get() is not None and _has_told_nothing(tracker):
            _stand_in(tracker)
        return goes_on

    save_and_show.is_watched = True  # type: ignore[attr-defined]
    processor.save_tracker, processor._run_action = save_and_show, run_or_stand_in


def _has_told_nothing(tracker: Any) -> bool:
    """Whether the tracker ends with the action having run without any effect."""
    last = tracker.events[-1] if tracker.events else None
    return isinstance(last, ActionExecuted) and str(last.action_name).startswith(
        AVAILABILITY_ACTION
    )


def _stand_in(tracker: Any) -> None:
    """Say what `action_handover_availability` would have said about the plan."""
    told = _told_of(_plan_of(tracker), tracker)
    slots = [(name, value) for name, value in slots_of(told).items() if name in tracker.slots]
    for name, value in slots:
        tracker.update(SlotSet(name, value))
    if slots:
        logger.error(
            "%s could not run: is the action server there? The channel has filled its slots.",
            AVAILABILITY_ACTION,
        )


def _told_of(plan: str, tracker: Any) -> Mapping[str, Any]:
    """What the channel said about a plan in the user's last message."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and not event.metadata.get("is_external"):
            plans = event.metadata.get("handover")
            told = plans.get(plan) if isinstance(plans, Mapping) else None
            return told if isinstance(told, Mapping) else {}
    return {}


def slots_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """The same as in actions/availability.py, which must work without the channel."""
    opens_at, expected = told.get("opens_at"), told.get("expected_wait_seconds")
    return {
        "handover_open": told.get("open", True),
        "handover_opens_at": opens_at,
        "handover_opens_when": opens_at and f"{datetime.fromisoformat(opens_at):%Y-%m-%d, %H:%M}",
        "handover_waiting": told.get("waiting"),
        "handover_expected_wait": None if expected is None else max(-(-int(expected) // 60), 1),
    }


def unmade_handover(tracker: Any) -> str | None:
    """The plan of the handover that an action of the last turn should have asked for, if any.

    Whether one was asked for after all is known to the turn's output.
    """
    turn = _last_turn(tracker.events)
    for number, event in enumerate(turn):
        if _was_to_hand_over(event, turn[number + 1 :]):
            return _plan_of(tracker)
    return None


def _plan_of(tracker: Any) -> str:
    """The plan that the actions would take."""
    slot = tracker.slots.get(PLAN_SLOT)
    plan = None if slot is None else slot.value
    return plan if isinstance(plan, str) and plan else DEFAULT_PLAN


def _last_turn(events: Any) -> list[Any]:
    turn: list[Any] = []
    for event in reversed(events):
        if isinstance(event, UserUttered):
            break
        turn.append(event)
    return turn[::-1]


def _was_to_hand_over(event: Any, after: Sequence[Any]) -> bool:
    if not isinstance(event, (ActionExecuted, ActionExecutionRejected)):
        return False
    name = event.action_name or ""  # Rasa Pro's end-to-end predictions have none
    if name.startswith(AVAILABILITY_ACTION):
        return not _has_led_to(SlotSet, after)
    if name.startswith(FALLBACK_ACTION):
        return not _has_led_to(BotUttered, after)
    return name.startswith(HANDOVER_ACTION)


def _has_led_to(kind: type[Any], events: Sequence[Any]) -> bool:
    """Whether an action has led to such an event, which then comes before the next action."""
    for event in events:
        if isinstance(event, (ActionExecuted, kind)):
            return isinstance(event, kind)
    return False
