"""Which step a worker takes next, as `EventHandler.handle` and `Handovers.advance` have it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from channels.core import decisions
from channels.core.decisions import Decision
from channels.core.meta.ownership import Owner, Routing
from channels.core.sessions.session import EndReason, Session, State, deadline
from tests.search.exhaustive.happenings import RETURN_WORD
from tests.search.exhaustive.model import AGENT, DAY, IDLE, NOW, TICK, US, Step, World

BEFORE_ANY_PASS = NOW - DAY
AFTER_ANY_PASS = NOW + TICK


def decided(
    world: World, which: int, session: Session | None, owner: Owner | None = None
) -> Iterator[World]:
    """What the decision table makes of the event in hand, whenever it was received."""
    key = world.workers[which].key
    delivery = next(one for one in world.deliveries if one.event.key == key)
    times = (AFTER_ANY_PASS, BEFORE_ANY_PASS) if delivery.may_be_early else (AFTER_ANY_PASS,)
    for received_at in times:
        decision = decisions.decide(
            replace(delivery.event, received_at=received_at),
            session,
            us=US,
            routing=world.known_routing if session else Routing.ON,
            is_return_word=lambda text: text == RETURN_WORD,
            may_have=lambda app_id: app_id == AGENT,
            owner=owner,
        )
        worker = replace(world.workers[which], session=session, decision=decision)
        yield carried_on(world.with_worker(which, worker), which)


def carried_on(world: World, which: int, **done: None) -> World:
    """On with what is left of the decision once that is `done`."""
    decision = replace(world.decision_of(which), **done)
    step = _step_for(decision)
    if step is Step.IDLE:
        return handled(world, which)
    return world.going(which, step, decision=decision)


def handled(world: World, which: int) -> World:
    """The job is done, and with it the event in hand."""
    key = world.workers[which].key
    left = tuple(one for one in world.deliveries if one.event.key != key)
    return world.with_worker(which, IDLE, deliveries=left)


def read_again(world: World, which: int) -> World:
    """The event once more, by the session as it is now."""
    key = world.workers[which].key
    return world.with_worker(which, replace(IDLE, step=Step.READ, key=key))


def advanced(world: World, which: int) -> World:
    """On with what the session needs next, as the worker knows it."""
    step, reason = _due_step(world.session_of(which))
    if step is Step.IDLE:
        return done(world, which)
    return world.going(which, step, reason=reason, in_turn=False)


def done(world: World, which: int) -> World:
    """Nothing more to do for the session; there may be more to do for the event."""
    worker, session = world.workers[which], world.session
    decision = worker.decision or decisions.NOTHING
    is_followed = session is not None and session.id != world.session_of(which).id
    if decision.adopt or worker.reads_again or (decision.route and is_followed):
        return read_again(world, which)
    if decision.route:
        return world.going(which, Step.TURN, session=None, reason=None)
    return handled(world, which)


def _step_for(decision: Decision) -> Step:
    steps = (
        (decision.ask_owner, Step.ASK),
        (decision.adopt, Step.ADOPT),
        (decision.overtaken, Step.OVERTAKEN),
        (decision.grant, Step.GRANT),
        (decision.owner_app, Step.RETARGET),
        (decision.heard, Step.HEAR),
        (decision.end, Step.END),
        (decision.regained, Step.REGAIN),
        (decision.route, Step.TURN),
    )
    return next((step for wanted, step in steps if wanted), Step.IDLE)


def _due_step(session: Session) -> tuple[Step, EndReason | None]:
    if session.is_waiting:
        return Step.LOOK, None
    if session.state is State.OPENING:
        return Step.SETTLE, None
    if session.state is State.ACTIVE:
        return _watching_step(session)
    if session.state is State.ENDED:
        return Step.IDLE, None
    return (Step.TELL if session.regained else Step.TAKE), None


def _watching_step(session: Session) -> tuple[Step, EndReason | None]:
    if not session.is_announced:
        return Step.ANNOUNCE, None
    ends = deadline(session)
    if ends is not None and ends[0] <= NOW:
        return Step.END, ends[1]
    is_to_be_probed = session.probe_at is not None and session.probe_at <= NOW
    return (Step.PROBE if is_to_be_probed else Step.IDLE), None
