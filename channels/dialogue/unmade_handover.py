"""Our own actions that could not run, because they raised or their server is away.

Rasa then goes on, and writes the action into the tracker like any other, without its events. For
the user's sake the channel does what they would have done: it asks for the handover, and says
whether anybody is there.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    BotUttered,
    SlotSet,
    UserUttered,
)

from .output import MessengerOutput

logger = logging.getLogger(__name__)

HANDOVER_ACTION = "action_handover"
AVAILABILITY_ACTION = "action_handover_availability"
FALLBACK_ACTION = "action_rephrase_or_handover"
PLAN_SLOT = "handover_plan"
DEFAULT_PLAN = "default"

_TURN = "_handover_turn"  # on a tracker: the turn's output, and the event before its first action
Complete = Callable[[Any, MessengerOutput], Awaitable[None]]


def watch(processor: Any, complete: Complete) -> None:
    """Have each turn of this processor on one of our outputs completed before it is saved.

    Those that Rasa takes on its own, too: reminders, and what its HTTP API triggers or executes. If
    `action_handover_availability` can't run, its slots are filled nonetheless.
    """
    save, run = getattr(processor, "save_tracker", None), getattr(processor, "_run_action", None)
    if save is None or run is None or getattr(save, "is_watched", False):
        return

    async def run_or_stand_in(
        action: Any, tracker: Any, output_channel: Any, *args: Any, **kwargs: Any
    ) -> Any:
        if not isinstance(output_channel, MessengerOutput):
            return await run(action, tracker, output_channel, *args, **kwargs)
        latest = tracker.events[-1] if tracker.events else None
        vars(tracker).setdefault(_TURN, (output_channel, latest))
        goes_on = await run(action, tracker, output_channel, *args, **kwargs)
        if _has_told_nothing(tracker):
            _stand_in(tracker)
        return goes_on and not _listens(tracker)

    async def complete_and_save(tracker: Any) -> None:
        output, _ = vars(tracker).get(_TURN, (None, None))
        try:
            if output is not None:
                _listen_after_too_much(processor, tracker)
                await complete(tracker, output)
        except Exception:
            await save(tracker)  # or the turn would be taken again, with all its actions
            raise
        finally:
            vars(tracker).pop(_TURN, None)
        await save(tracker)

    complete_and_save.is_watched = True  # type: ignore[attr-defined]
    processor.save_tracker, processor._run_action = complete_and_save, run_or_stand_in


def _listens(tracker: Any) -> bool:
    """Whether Rasa listens already, since an action has said so by an event of its own.

    Rasa would go on, and as it counts only the actions since it has last listened, for ever.
    """
    last = tracker.events[-1] if tracker.events else None
    return isinstance(last, ActionExecuted) and last.action_name == ACTION_LISTEN_NAME


def _listen_after_too_much(processor: Any, tracker: Any) -> None:
    """Listen if Rasa has stopped after too many actions: it would never predict one again."""
    if processor.is_action_limit_reached(tracker, True):
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))


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
    turn = _last_turn(tracker)
    for number, event in enumerate(turn):
        if _was_to_hand_over(event, turn[number + 1 :]):
            return _plan_of(tracker)
    return None


def _plan_of(tracker: Any) -> str:
    """The plan that the actions would take."""
    slot = tracker.slots.get(PLAN_SLOT)
    plan = None if slot is None else slot.value
    return plan if isinstance(plan, str) and plan else DEFAULT_PLAN


def _last_turn(tracker: Any) -> list[Any]:
    _, before = vars(tracker).get(_TURN, (None, None))
    turn: list[Any] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) or event is before:
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
