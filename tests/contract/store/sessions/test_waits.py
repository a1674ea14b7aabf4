"""How long the users of a plan wait, as a store tells it."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from channels.core.plans import Plan
from channels.core.records.kept import Scope, Waits
from channels.core.sessions import transitions
from channels.core.sessions.session import Session, Speaker, State
from channels.store.protocol import Store
from tests.contract.store.store_samples import ANNA, BEN, NOW, new_session

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
SCOPE = Scope(plan="default", apps=("777",))
NOBODY = Waits(waiting=0, for_hours=0, first_answers=[], operator_at=None)


def active(id_: str, *, plan: str = "default", app: str = "777") -> Session:
    thread = BEN if id_ == "second" else ANNA
    session = msgspec.structs.replace(
        new_session(id_), thread=thread, plan=Plan(name=plan), owner_app=app, opened_at=NOW
    )
    return transitions.activated(session, NOW)


async def answer(store: Store, session: Session, after: timedelta) -> Session:
    answered = transitions.heard(session, Speaker.OPERATOR, said_at=NOW, now=NOW + after)
    assert await store.save_session(answered)
    return answered


async def test_nobody_waits_in_an_empty_store(store: Store) -> None:
    assert await store.waits(SCOPE, NOW) == NOBODY


async def test_who_has_no_answer_yet_waits(store: Store) -> None:
    waiting = msgspec.structs.replace(active("second"), state=State.WAITING)
    assert await store.add_session(active("session"))
    assert await store.add_session(waiting)
    found = await store.waits(SCOPE, NOW)
    assert (found.waiting, found.for_hours) == (2, 1)


async def test_an_answer_ends_the_wait_and_is_counted(store: Store) -> None:
    session = active("session")
    assert await store.add_session(session)
    await answer(store, session, MINUTE)
    assert await store.waits(SCOPE, NOW + DAY - MINUTE) == Waits(
        waiting=0, for_hours=0, first_answers=[MINUTE], operator_at=NOW + MINUTE
    )


async def test_who_was_written_to_without_having_asked_has_not_waited(store: Store) -> None:
    taken = msgspec.structs.replace(active("session"), is_adopted=True)
    assert await store.add_session(taken)
    assert (await store.waits(SCOPE, NOW)).waiting == 0
    await answer(store, taken, MINUTE)
    found = await store.waits(SCOPE, NOW + MINUTE)
    assert (found.waiting, found.first_answers) == (0, [])


async def test_who_has_written_to_somebody_that_took_the_thread_waits(store: Store) -> None:
    taken = msgspec.structs.replace(active("session"), is_adopted=True)
    assert await store.add_session(taken)
    asked = transitions.heard(taken, Speaker.USER, said_at=NOW, now=NOW)
    assert await store.save_session(asked)
    assert (await store.waits(SCOPE, NOW)).waiting == 1


async def test_what_was_long_ago_is_forgotten(store: Store) -> None:
    session = active("session")
    assert await store.add_session(session)
    await answer(store, session, MINUTE)
    assert (await store.waits(SCOPE, NOW + 2 * DAY)).operator_at is None
    assert await store.waits(SCOPE, NOW + 8 * DAY) == NOBODY


async def test_other_plans_and_other_pages_are_left_out(store: Store) -> None:
    assert await store.add_session(active("session"))
    assert await store.add_session(active("second", plan="sales"))
    page = ANNA.page
    for scope, waiting in (
        (SCOPE, 1),
        (msgspec.structs.replace(SCOPE, plan="sales"), 1),
        (msgspec.structs.replace(SCOPE, pages=(page,)), 1),
        (msgspec.structs.replace(SCOPE, pages=("another",)), 0),
        (msgspec.structs.replace(SCOPE, without_pages=(page,)), 0),
        (msgspec.structs.replace(SCOPE, without_pages=("another",)), 1),
    ):
        assert (await store.waits(scope, NOW)).waiting == waiting, scope


async def test_an_operator_of_the_app_is_seen_whatever_the_plan(store: Store) -> None:
    session = active("session", plan="sales")
    assert await store.add_session(session)
    await answer(store, session, MINUTE)
    assert (await store.waits(SCOPE, NOW + MINUTE)).operator_at == NOW + MINUTE
    other = msgspec.structs.replace(SCOPE, apps=("888",))
    assert (await store.waits(other, NOW + MINUTE)).operator_at is None
    both = msgspec.structs.replace(SCOPE, apps=("888", "777"))  # Messenger's and Instagram's
    assert (await store.waits(both, NOW + MINUTE)).operator_at == NOW + MINUTE
