"""The store of a world: one open session a thread, compare-and-set by version, claims.

A worker that stores something knows afterwards what is stored.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from channels.core.events import Array, UserMessage
from channels.core.sessions import transitions
from channels.core.sessions.session import EndReason, Session, State
from tests.search.exhaustive.merging import KNOWN, STORED, by_hours, rounded
from tests.search.exhaustive.model import NOW, Delivery, Worker, World


def is_due(world: World) -> bool:
    """Whether a worker may claim the open session."""
    due_at = world.session.due_at if world.session else None
    return due_at is not None and due_at <= NOW and not world.is_claimed


def added(world: World, which: int, session: Session, **also: bool) -> World | None:
    """With a new session, and `also` so; None if one is open, or the id is known."""
    if world.session is not None or session.id in world.ended:
        return None
    return _informed(replace(_with(world, session), **also), which, session)


def kept(world: World, which: int, session: Session, **also: bool) -> World:
    """With the next version, and `also` so; as it was, if another worker was faster."""
    saved = _saved(world, session)
    return _informed(world if saved is None else replace(saved, **also), which, session)


def followed(world: World, which: int, session: Session, **also: bool) -> World:
    """With a new session in the place of one that waits, of whose end nobody hears."""
    waiting = world.session
    assert waiting is not None
    replaced = replace(_with(world, None), ended=(*world.ended, waiting.id))
    return _informed(replace(_with(replaced, session), **also), which, session)


def changed(
    world: World,
    which: int,
    change: Callable[[Session], Session],
    only_while: State,
    **also: bool,
) -> tuple[World, bool]:
    """With whatever version is stored changed; False if its state is another by then."""
    session = world.session_of(which)
    while session.state is only_while:
        after = change(session)
        saved = world if after is session else _saved(world, after)
        if saved is not None:
            stored = saved if saved is world else replace(saved, **also)
            return _informed(stored, which, session), True
        session = _reloaded(world, session)
    return _informed(world, which, session), False


def cancelled_by_operator(world: World) -> World:
    """With the end of a session that waits."""
    assert world.session is not None
    return _with(world, transitions.ending(world.session, EndReason.OPERATOR_REQUEST, NOW))


def _saved(world: World, session: Session) -> World | None:
    stored = world.session
    if stored is None or stored.id != session.id or session.version != STORED + 1:
        return None
    if session.state is not State.ENDED:
        return _with(world, session)
    return replace(_with(world, None), ended=(*world.ended, session.id))


def _informed(world: World, which: int, session: Session) -> World:
    worker = replace(world.workers[which], session=_reloaded(world, session))
    return world.with_worker(which, worker)


def _reloaded(world: World, session: Session) -> Session:
    if world.session is not None and world.session.id == session.id:
        return world.session
    return rounded(transitions.ended(session), version=KNOWN)


def _with(world: World, session: Session | None) -> World:
    before = world.session

    def outrun(worker: Worker) -> Worker:
        """What it knows is not what is stored any more."""
        known = worker.session
        if known is None or before is None or (known.id, known.version) != (before.id, STORED):
            return worker
        return replace(worker, session=replace(known, version=KNOWN))

    first, second = map(outrun, world.workers)
    has_passed, had_passed = _has_passed(session), _has_passed(before)
    deliveries = world.deliveries
    if has_passed is not had_passed:
        deliveries = tuple(_received(one, may_be_early=has_passed) for one in deliveries)
    return replace(
        world,
        session=session and by_hours(rounded(session), world.opens_in),
        is_claimed=False,
        deliveries=deliveries,
        workers=(first, second),
    )


def _has_passed(session: Session | None) -> bool:
    return session is not None and (session.active_at or session.ended_at) is not None


def _received(delivery: Delivery, *, may_be_early: bool) -> Delivery:
    """Only of a message to us does it matter whether it came before the thread was passed."""
    event = delivery.event
    if not isinstance(event, UserMessage) or event.array is not Array.MESSAGING:
        return delivery
    return replace(delivery, may_be_early=may_be_early)
