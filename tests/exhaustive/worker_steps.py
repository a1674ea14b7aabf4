"""What a worker does, step by step, as `handling`, `handover`, `opening` and `ending` have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from model import (
    AGENT,
    CURRENT,
    IDLE,
    NOW,
    OUTDATED,
    PLAN,
    RECEIVED_AFTER,
    RECEIVED_BEFORE,
    US,
    Delivery,
    Step,
    Worker,
    World,
    rounded,
)
from msgspec.structs import replace

from channels import routing, transitions
from channels.events import Array, UserMessage
from channels.routing import ANOTHER, Decision, Owner, Routing
from channels.sessions import (
    Cause,
    EndReason,
    Session,
    State,
    deadline,
    is_window_open,
)

Move = tuple[str, World, bool]  # what it is, what comes of it, whether something broke
A_MOMENT = timedelta(microseconds=1)


class Violation(AssertionError):
    """Something happened that must never happen."""


def moves(world: World) -> Iterator[Move]:
    """Every next world that a worker can bring about."""
    for which, worker in enumerate(world.workers):
        if (
            worker.step in (Step.TURN, Step.TELL, Step.ANNOUNCE)
            and world.workers[1 - which].in_turn
        ):
            continue
        if worker.step is not Step.IDLE:
            yield from STEPS[worker.step](world, which)
        elif which == 0 or world.workers[0].step is not Step.IDLE:
            yield from _begin(world, which)


def _begin(world: World, which: int) -> Iterator[Move]:
    for delivery in world.deliveries:
        if not delivery.is_held:
            worker = Worker(step=Step.READ, delivery=delivery)
            held = tuple(
                replace(one, is_held=True) if one is delivery else one for one in world.deliveries
            )
            begun = world.with_worker(which, worker, deliveries=held)
            for _, begun, broke in _read(begun, which):
                yield f"{which}: begins with {_shown(delivery)}", begun, broke
    if is_due(world):
        worker = Worker(session=world.session)
        begun = world.with_worker(which, worker, is_claimed=True)
        yield f"{which}: looks at what is due", _advance(begun, which), False


def _shown(delivery: Delivery) -> str:
    event = delivery.event
    return f"{type(event).__name__} {event.key} {event.array.value} {getattr(event, 'text', '')}"


def is_due(world: World) -> bool:
    session = world.session
    due_at = session.due_at if session else None
    return due_at is not None and due_at <= NOW and not world.is_claimed


# Reading and deciding -----------------------------------------------------------------------


def _read(world: World, which: int) -> Iterator[Move]:
    yield from _decide(world, which, world.session, None)


def _ask(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    yield from _decide(world, which, worker.session, owner_of(world))


def owner_of(world: World) -> Owner:
    if world.owner == US:
        return Owner.OURS
    if world.owner is None:
        return Owner.IDLE
    return Owner.ANOTHER_APP if world.routing is Routing.ON else Owner.UNNAMED


def _decide(
    world: World, which: int, session: Session | None, owner: Owner | None
) -> Iterator[Move]:
    worker = world.workers[which]
    assert worker.delivery is not None
    receipts = {RECEIVED_AFTER}
    if worker.delivery.may_be_early:
        receipts.add(RECEIVED_BEFORE)
    for received_at in sorted(receipts):
        decision = routing.decide(
            replace(worker.delivery.event, received_at=received_at),
            session,
            us=US,
            routing=world.believed_routing if session else Routing.ON,
            is_return_word=lambda text: text == "menu",
            may_have=lambda app: app == AGENT,
            owner=owner,
        )
        decided = replace(worker, session=session, decision=decision)
        yield f"{which}: decides", _carry_out(world, which, decided), False


def _carry_out(world: World, which: int, worker: Worker) -> World:
    decision = worker.decision
    assert decision is not None
    step = _step_for(decision, worker.session)
    if step is Step.IDLE:
        return _done(world, which)
    return world.with_worker(which, replace(worker, step=step))


def _step_for(decision: Decision, session: Session | None) -> Step:
    if decision.ask_owner:
        return Step.ASK
    if decision.adopt:
        return Step.ADOPT
    if decision.grant is not None:
        return Step.GRANT
    if session is not None and decision.owner_app is not None:
        return Step.RETARGET
    if decision.heard is not None:
        return Step.HEAR
    if decision.end is not None:
        return Step.END
    if decision.regained:
        return Step.REGAIN
    return Step.TURN if decision.route else Step.IDLE


def _then(world: World, which: int, session: Session | None, **done: bool | None) -> World:
    """Go on with what is left of the decision."""
    worker = world.workers[which]
    decision = replace(worker.decision, **done)
    return _carry_out(world, which, replace(worker, session=session, decision=decision))


def _done(world: World, which: int) -> World:
    """The event has been handled, or what was due has been done."""
    delivery = world.workers[which].delivery
    left = world.deliveries
    if delivery is not None:
        left = tuple(one for one in left if one.event.key != delivery.event.key)
    return world.with_worker(which, IDLE, deliveries=left)


def _job_done(world: World, which: int) -> World:
    """What `advance` was called for goes on: the event again, its turn, or nothing."""
    worker = world.workers[which]
    if worker.delivery is None or worker.decision is None:
        return _done(world, which)
    if worker.decision.adopt:
        return world.with_worker(
            which, replace(worker, step=Step.READ, session=None, decision=None, reason=None)
        )
    if worker.decision.route and worker.step is not Step.TURN:
        turn = replace(worker, step=Step.TURN, session=None, decision=routing.ROUTE, reason=None)
        return world.with_worker(which, turn)
    return _done(world, which)


# The store ----------------------------------------------------------------------------------


def _saved(world: World, session: Session, *, claim: bool = False) -> World | None:
    stored = world.session
    if stored is None or stored.id != session.id or session.version != CURRENT + 1:
        return None
    if session.state is State.ENDED:
        return _kept(replace(world, ended=(*world.ended, session.id)), None, claim=False)
    return _kept(world, session, claim=claim)


def _added(world: World, session: Session, *, claim: bool) -> World | None:
    if world.session is not None or session.id in world.ended:
        return None
    return _kept(world, session, claim=claim)


def _kept(world: World, session: Session | None, *, claim: bool) -> World:
    before = world.session

    def seen(worker: Worker) -> Worker:
        held = worker.session
        if held is None or before is None or held.id != before.id or held.version != CURRENT:
            return worker
        return replace(worker, session=replace(held, version=OUTDATED))

    passes = session is not None and (session.active_at or session.ended_at) is not None
    had_passed = before is not None and (before.active_at or before.ended_at) is not None
    world = replace(
        world,
        session=session and rounded(session),
        is_claimed=claim,
        workers=tuple(map(seen, world.workers)),
    )
    if session is None:
        return _marked(world, early=False)
    return _marked(world, early=True) if passes and not had_passed else world


def _marked(world: World, *, early: bool) -> World:
    def marked(delivery: Delivery | None) -> Delivery | None:
        if delivery is None or not isinstance(delivery.event, UserMessage):
            return delivery
        if delivery.event.array is not Array.MESSAGING:
            return delivery
        return replace(delivery, may_be_early=early)

    return replace(
        world,
        deliveries=tuple(map(marked, world.deliveries)),
        workers=tuple(replace(one, delivery=marked(one.delivery)) for one in world.workers),
    )


def _reloaded(world: World, session: Session) -> Session:
    if world.session is not None and world.session.id == session.id:
        return world.session
    return replace(transitions.ended(session), version=OUTDATED)


Change = Callable[[Session], Session]


def _keep(
    world: World, which: int, session: Session, *, claim: bool = False, **changes: bool
) -> tuple[World, Session]:
    """Store the next version; where another worker was faster, what it has stored."""
    saved = _saved(world, session, claim=claim)
    if saved is None:
        return world, _reloaded(world, session)
    return replace(saved, **changes), saved.session or session


def _change(
    world: World, which: int, change: Change, only_while: State, *, claim: bool = False
) -> tuple[World, Session | None]:
    """As `Ledger.change`: from whatever version is stored."""
    session = world.workers[which].session
    assert session is not None
    while session.state is only_while:
        changed = change(session)
        if changed is session:
            return world, session
        saved = _saved(world, changed, claim=claim)
        if saved is not None:
            return saved, saved.session
        session = _reloaded(world, session)
    return world, None


# Beginning ----------------------------------------------------------------------------------


def _adopt(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    event = worker.delivery.event
    cause = Cause(at=event.at - A_MOMENT, key=event.key)
    yield f"{which}: adopts", _adopted(world, which, worker.decision.owner_app, cause), False


def _adopted(world: World, which: int, owner_app: str | None, cause: Cause) -> World:
    worker = world.workers[which]
    session = transitions.adopted(
        thread=worker.delivery.event.thread, plan=PLAN, cause=cause, owner_app=owner_app, now=NOW
    )
    added = _added(world, session, claim=False)
    if added is None:
        return _done(world, which) if world.session is None else _job_done(world, which)
    added = replace(added, is_unnoticed=False)
    worker = replace(added.workers[which], session=added.session)
    return _advance(added.with_worker(which, worker), which)


def _grant(world: World, which: int) -> Iterator[Move]:
    yield from _open(world, which, in_turn=False)


def _turn(world: World, which: int) -> Iterator[Move]:
    """Rasa answers the user, or its action asks for a handover."""
    worker = world.workers[which]
    if getattr(worker.delivery.event, "text", None) == "person":
        yield from _open(world, which)
        return
    session = world.session
    if session is not None and not session.regained:
        yield f"{which}: is silent", _done(world, which), False
        return
    if session is not None and session.due_at is None:
        raise Violation("an answer comes before the follow-up that waited for the user")
    yield f"{which}: answers", _send(world, which, "an answer"), False


def _send(world: World, which: int, what: str) -> World:
    """A message to the user; where Meta refuses it, a session begins."""
    worker = world.workers[which]
    if world.owner in (US, None):
        return _done(world, which)
    if not (world.is_unnoticed or worker.is_outdated):
        raise Violation(f"{what} is sent while another app is known to have the thread")
    event = worker.delivery.event
    return _adopted(
        world.with_worker(which, replace(worker, decision=routing.NOTHING)),
        which,
        None,
        Cause(at=event.at, key=event.key),
    )


def _open(world: World, which: int, *, in_turn: bool = True) -> Iterator[Move]:
    worker = world.workers[which]
    event = worker.delivery.event
    cause = Cause(at=event.at, key=event.key)
    known = world.session
    if known is not None:
        yield f"{which}: it is open already", _done(world, which), False
        return
    session = transitions.opening(thread=event.thread, plan=PLAN, cause=cause, now=NOW)
    added = _added(world, session, claim=True)
    if added is None:
        yield f"{which}: it has been", _done(world, which), False
        return
    passing = replace(
        added.workers[which],
        step=Step.PASS,
        session=added.session,
        decision=routing.NOTHING,
        in_turn=in_turn,
    )
    yield f"{which}: opens", added.with_worker(which, passing), False


def _pass(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    allowed = world.owner in (US, None)
    activating = replace(worker, step=Step.ACTIVATE)
    passed = world.with_worker(which, activating, owner=AGENT if allowed else world.owner)
    yield f"{which}: passes", passed, False
    doubting = replace(worker, step=Step.FAIL_IN_DOUBT)
    yield f"{which}: passes, no answer", passed.with_worker(which, doubting), True
    if allowed:
        yield f"{which}: passes not, no answer", world.with_worker(which, doubting), True
        failing = replace(worker, step=Step.FAIL)
        yield f"{which}: may not pass", world.with_worker(which, failing), True


def _activate(world: World, which: int) -> Iterator[Move]:
    changed = transitions.activated(world.workers[which].session, NOW)
    world, session = _keep(world, which, changed, is_unnoticed=False)
    yield f"{which}: stores active", _advance_with(world, which, session), False


def _fail(world: World, which: int) -> Iterator[Move]:
    changed = transitions.failed(world.workers[which].session, NOW)
    world, session = _keep(world, which, changed, claim=True)
    yield f"{which}: stores failed", _advance_with(world, which, session), False


def _fail_in_doubt(world: World, which: int) -> Iterator[Move]:
    changed = transitions.failed(world.workers[which].session, NOW, regained=False)
    world, session = _keep(world, which, changed, claim=True)
    yield f"{which}: stores failed in doubt", _advance_with(world, which, session), False


def _settle(world: World, which: int) -> Iterator[Move]:
    step = Step.ACTIVATE if owner_of(world) in ANOTHER else Step.PASS
    settled = replace(world.workers[which], step=step)
    yield f"{which}: asks for the owner", world.with_worker(which, settled), False


# Changing -----------------------------------------------------------------------------------


def _retarget(world: World, which: int) -> Iterator[Move]:
    app = world.workers[which].decision.owner_app
    change: Change = lambda active: transitions.owned_by(active, app)  # noqa: E731
    session = world.workers[which].session
    world, changed = _change(world, which, change, State.ACTIVE)
    changed = changed or _reloaded(world, session)
    yield f"{which}: re-targets", _then(world, which, changed, owner_app=None), False


def _hear(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    session, decision, at = worker.session, worker.decision, worker.delivery.event.at
    change: Change = lambda active: transitions.heard(  # noqa: E731
        active, decision.heard, said_at=at, now=NOW
    )
    world, changed = _change(world, which, change, State.ACTIVE)
    changed = changed or _reloaded(world, session)
    yield f"{which}: hears", _then(world, which, changed, heard=None), False


def _end(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    reason = worker.reason or worker.decision.end
    if worker.reason is None and worker.delivery.event.at <= worker.session.cause_at:
        raise Violation("a stale event ends a session")
    session = worker.session
    user_at = None
    if worker.reason is None and worker.decision.route:
        user_at = worker.delivery.event.at
    change: Change = lambda active: transitions.ending(active, reason, NOW, user_at=user_at)  # noqa: E731
    world, changed = _change(world, which, change, State.ACTIVE, claim=True)
    if changed is None and worker.reason is None:
        yield f"{which}: comes too late", _again(world, which), False
        return
    changed = changed or _reloaded(world, session)
    yield f"{which}: ends for {reason.value}", _advance_with(world, which, changed), False


def _again(world: World, which: int) -> World:
    delivery = world.workers[which].delivery
    is_outdated = world.workers[which].is_outdated
    return world.with_worker(
        which, Worker(step=Step.READ, delivery=delivery, is_outdated=is_outdated)
    )


def _regain(world: World, which: int) -> Iterator[Move]:
    """By an event, or once the thread has been taken."""
    worker = world.workers[which]
    by_event = worker.decision is not None and worker.decision.regained
    user_at = worker.delivery.event.at if by_event and worker.decision.route else None
    if by_event and worker.delivery.event.at <= worker.session.cause_at:
        raise Violation("a stale event regains a thread")

    def change(ending: Session) -> Session:
        if ending.regained and user_at is None:
            return ending
        return transitions.regained(ending, NOW, user_at=user_at)

    session = worker.session
    world, changed = _change(world, which, change, State.ENDING, claim=True)
    if changed is None and by_event:
        yield f"{which}: comes too late", _again(world, which), False
        return
    changed = changed or _reloaded(world, session)
    yield f"{which}: regains", _advance_with(world, which, changed), False


# What is due --------------------------------------------------------------------------------


def _advance_with(world: World, which: int, session: Session) -> World:
    worker = replace(world.workers[which], session=session, reason=None, in_turn=False)
    return _advance(world.with_worker(which, worker), which)


def _advance(world: World, which: int) -> World:
    worker = world.workers[which]
    step, reason = _due_step(worker.session)
    if step is Step.IDLE:
        return _job_done(world, which)
    return world.with_worker(which, replace(worker, step=step, reason=reason))


def _due_step(session: Session) -> tuple[Step, EndReason | None]:
    if session.state is State.OPENING:
        return Step.SETTLE, None
    if session.state is State.ACTIVE:
        return _watch_step(session)
    if session.state is State.ENDED:
        return Step.IDLE, None
    if not session.regained:
        return (Step.CHECK if session.asked_at else Step.TAKE), None
    return (Step.TELL if is_window_open(session, NOW) else Step.HOLD), None


def _watch_step(session: Session) -> tuple[Step, EndReason | None]:
    if not session.is_announced:
        return Step.ANNOUNCE, None
    ends = deadline(session)
    if ends is not None and ends[0] <= NOW:
        return Step.END, ends[1]
    if session.probe_at is not None and session.probe_at <= NOW:
        return Step.PROBE, None
    return Step.IDLE, None


def _announce(world: World, which: int) -> Iterator[Move]:
    session = world.workers[which].session
    world, changed = _change(world, which, transitions.announced, State.ACTIVE)
    changed = changed or _reloaded(world, session)
    yield f"{which}: announces", _advance_with(world, which, changed), False


def _probe(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    owner = owner_of(world)
    reasons = {Owner.OURS: EndReason.AGENT_RETURNED, Owner.IDLE: EndReason.AGENT_RELEASED}
    if owner in reasons:
        ending = replace(worker, step=Step.END, reason=reasons[owner])
        yield f"{which}: probes, {owner.value}", world.with_worker(which, ending), False
    else:
        probed = replace(worker, step=Step.PROBED)
        yield f"{which}: probes, {owner.value}", world.with_worker(which, probed), False


def _probed(world: World, which: int) -> Iterator[Move]:
    session = world.workers[which].session
    changed = transitions.probed(session, NOW + session.plan.owner_probe)
    world, _ = _keep(world, which, changed, is_unnoticed=False)
    yield f"{which}: stores the probe", _job_done(world, which), False


def _take(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    ours = replace(worker, step=Step.REGAIN)
    if owner_of(world) not in ANOTHER:
        yield f"{which}: has it", world.with_worker(which, ours), False
    elif world.routing is Routing.OFF:
        asking = replace(worker, step=Step.REQUEST)
        yield f"{which}: can't take", world.with_worker(which, asking), False
    elif not world.may_take:
        leaving = replace(worker, step=Step.LEAVE)
        yield f"{which}: may not take", world.with_worker(which, leaving), False
    else:
        yield f"{which}: takes", world.with_worker(which, ours, owner=US), False
    postponing = replace(worker, step=Step.POSTPONE)
    yield f"{which}: gets no answer", world.with_worker(which, postponing), True


def _request(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    if world.routing is Routing.ON:
        leaving = replace(worker, step=Step.LEAVE)
        yield f"{which}: can't ask", world.with_worker(which, leaving), False
        return
    asked = replace(worker, step=Step.ASKED)
    yield f"{which}: asks", world.with_worker(which, asked), False


def _check(world: World, which: int) -> Iterator[Move]:
    step = Step.LEAVE if owner_of(world) in ANOTHER else Step.REGAIN
    checked = replace(world.workers[which], step=step)
    yield f"{which}: checks who has it", world.with_worker(which, checked), False


def _asked(world: World, which: int) -> Iterator[Move]:
    changed = transitions.asked(world.workers[which].session, NOW)
    world, _ = _keep(world, which, changed)
    yield f"{which}: stores asked", _job_done(world, which), False


def _leave(world: World, which: int) -> Iterator[Move]:
    changed = transitions.left_with_agent(world.workers[which].session)
    world, _ = _keep(world, which, changed, is_unnoticed=False)
    yield f"{which}: leaves it", _job_done(world, which), False


def _postpone(world: World, which: int) -> Iterator[Move]:
    changed = transitions.postponed(world.workers[which].session, NOW)
    world, _ = _keep(world, which, changed)
    yield f"{which}: postpones", _job_done(world, which), False


def _tell(world: World, which: int) -> Iterator[Move]:
    worker = world.workers[which]
    session = worker.session
    telling = replace(worker, step=Step.ENDED)
    if session.id in world.told:
        yield f"{which}: has told", world.with_worker(which, telling), False
        return
    stored = world.session
    if stored is None or stored.id != session.id or not stored.regained:
        raise Violation("Rasa is told of the end of a session that goes on")
    if stored.reason is not session.reason:
        raise Violation("Rasa is told another reason than the one that won")
    if not world.in_window:
        raise Violation("the follow-up is lost outside the window")
    if world.owner not in (US, None) and not (world.is_unnoticed or worker.is_outdated):
        raise Violation("a follow-up is sent while another app is known to have the thread")
    told = world.with_worker(which, telling, told=(*world.told, session.id))
    yield f"{which}: tells", told, False
    postponing = replace(worker, step=Step.POSTPONE)
    yield f"{which}: can't tell", world.with_worker(which, postponing), True


def _hold(world: World, which: int) -> Iterator[Move]:
    changed = transitions.held(world.workers[which].session)
    world, _ = _keep(world, which, changed)
    yield f"{which}: holds", _job_done(world, which), False


def _ended(world: World, which: int) -> Iterator[Move]:
    session = world.workers[which].session
    if session.id not in world.told:
        raise Violation("a session has ended and Rasa does not know")
    world, _ = _keep(world, which, transitions.ended(session))
    yield f"{which}: stores ended", _job_done(world, which), False


STEPS: dict[Step, Callable[[World, int], Iterator[Move]]] = {
    Step.READ: _read,
    Step.ASK: _ask,
    Step.ADOPT: _adopt,
    Step.GRANT: _grant,
    Step.RETARGET: _retarget,
    Step.HEAR: _hear,
    Step.END: _end,
    Step.REGAIN: _regain,
    Step.TURN: _turn,
    Step.OPEN: _open,
    Step.PASS: _pass,
    Step.ACTIVATE: _activate,
    Step.FAIL: _fail,
    Step.FAIL_IN_DOUBT: _fail_in_doubt,
    Step.SETTLE: _settle,
    Step.ANNOUNCE: _announce,
    Step.PROBE: _probe,
    Step.PROBED: _probed,
    Step.TAKE: _take,
    Step.REQUEST: _request,
    Step.CHECK: _check,
    Step.ASKED: _asked,
    Step.LEAVE: _leave,
    Step.POSTPONE: _postpone,
    Step.TELL: _tell,
    Step.HOLD: _hold,
    Step.ENDED: _ended,
}
