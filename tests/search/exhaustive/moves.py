"""All that the workers can do next. The first outcome of a step is the one where nothing breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from tests.search.exhaustive.course import advanced
from tests.search.exhaustive.model import IDLE, Step, World
from tests.search.exhaustive.steps import event_steps, meta_steps, opening_steps, rasa_steps
from tests.search.exhaustive.stored import is_due

UNDER_RASAS_LOCK = frozenset({Step.TURN, Step.TELL, Step.OVERTAKEN, Step.ANNOUNCE})

STEPS: dict[Step, Callable[[World, int], Iterator[World]]] = {
    Step.READ: event_steps.read,
    Step.ASK: event_steps.ask,
    Step.ADOPT: event_steps.adopt,
    Step.GRANT: event_steps.grant,
    Step.RETARGET: event_steps.retarget,
    Step.HEAR: event_steps.hear,
    Step.END: event_steps.end,
    Step.REGAIN: event_steps.regain,
    Step.PASS: meta_steps.pass_control,
    Step.ACTIVATE: meta_steps.activate,
    Step.FAIL: meta_steps.fail,
    Step.FAIL_IN_DOUBT: meta_steps.fail_in_doubt,
    Step.SETTLE: meta_steps.settle,
    Step.PROBE: meta_steps.probe,
    Step.PROBED: meta_steps.probed,
    Step.TAKE: meta_steps.take,
    Step.REQUEST: meta_steps.request,
    Step.ASKED: meta_steps.asked,
    Step.LEAVE: meta_steps.leave,
    Step.POSTPONE: meta_steps.postpone,
    Step.TURN: rasa_steps.turn,
    Step.ANNOUNCE: rasa_steps.announce,
    Step.TELL: rasa_steps.tell,
    Step.OVERTAKEN: rasa_steps.overtaken,
    Step.ENDED: rasa_steps.ended,
    Step.FOLLOW: rasa_steps.follow,
    Step.LOOK: opening_steps.look,
    Step.WAIT_AGAIN: opening_steps.wait_again,
}


def moves(world: World) -> Iterator[tuple[str, World]]:
    """Every step of every worker; of two that are idle, one begins."""
    for which, worker in enumerate(world.workers):
        if worker != IDLE:
            if worker.step not in UNDER_RASAS_LOCK or not world.workers[1 - which].in_turn:
                for after in STEPS[worker.step](world, which):
                    yield f"a worker {worker.step.value}", after
        elif which == 0 or world.workers[0] != IDLE:
            yield from _beginnings(world, which)


def _beginnings(world: World, which: int) -> Iterator[tuple[str, World]]:
    for place, delivery in enumerate(world.deliveries):
        if not delivery.is_held:
            held = list(world.deliveries)
            held[place] = replace(delivery, is_held=True)
            worker = replace(IDLE, key=delivery.event.key)
            begun = world.with_worker(which, worker, deliveries=tuple(held))
            name = type(delivery.event).__name__
            for after in event_steps.read(begun, which):
                yield f"a worker {Step.READ.value} for {name} {place}", after
    if is_due(world):
        worker = replace(IDLE, session=world.session)
        begun = world.with_worker(which, worker, is_claimed=True)
        yield "a worker looks after the session that is due", advanced(begun, which)
