"""What `Store` promises to a worker that stood still for longer than its claims last."""

from __future__ import annotations

import pytest

from channels.core.errors import ClaimLost
from channels.core.records.outgoing import Standing
from channels.store.protocol import CLAIM_LEASE, DEAD_AFTER_FAILURES, Store
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    NOW,
    SECOND,
    message,
    new_session,
    next_version,
    words,
)

Workers = tuple[Store, Store, Store]

LATER = NOW + CLAIM_LEASE + 15 * SECOND


async def test_an_event_that_nobody_has_taken_over_is_held_on(workers: Workers) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("a")], NOW)
    assert one.surely_holds(entry, NOW)
    assert not one.surely_holds(entry, LATER)

    assert await one.holds(entry, LATER)
    assert one.surely_holds(entry, LATER)
    assert await two.claim_inbox(LATER, limit=9) == []


async def test_an_event_that_was_taken_over_is_the_other_workers(workers: Workers) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("a")], NOW)
    [taken] = await two.claim_inbox(LATER, limit=9)

    assert not await one.holds(entry, LATER)
    assert await two.holds(taken, LATER)


async def test_what_waits_behind_an_event_that_was_taken_over_is_lost_with_it(
    workers: Workers,
) -> None:
    one, two, _ = workers
    _, second, other = await one.record([message("a"), message("b"), message("c", thread=BEN)], NOW)
    [first] = await two.claim_inbox(LATER, limit=1)

    assert not await one.holds(second, LATER)
    assert await one.holds(other, LATER), "another thread's"
    await two.done(first.position, LATER)
    [again] = await two.claim_inbox(LATER, limit=9)
    assert again.position == second.position


async def test_it_is_lost_also_if_the_other_worker_stands_still_by_now(workers: Workers) -> None:
    one, two, _ = workers
    _, second = await one.record([message("a"), message("b")], NOW)
    await two.claim_inbox(LATER, limit=1)
    much_later = LATER + CLAIM_LEASE + 15 * SECOND

    assert not await one.holds(second, much_later)
    assert len(await one.claim_inbox(much_later, limit=9)) == 2


async def test_it_is_lost_also_if_the_other_worker_has_stopped_by_now(workers: Workers) -> None:
    one, two, _ = workers
    first, second = await one.record([message("a"), message("b")], NOW)
    await two.claim_inbox(LATER, limit=1)
    await two.release()

    assert not await one.holds(first, LATER)
    assert not await one.holds(second, LATER)
    again = await one.claim_inbox(LATER, limit=9)
    assert [entry.position for entry in again] == [first.position, second.position]


async def test_an_event_is_held_though_an_older_one_is_taken_up_again(workers: Workers) -> None:
    one, _, _ = workers
    [dead] = await one.record([message("a")], NOW)
    assert await one.failed(dead.position, NOW, for_good=True)
    [entry] = await one.record([message("b")], NOW)
    assert await one.retry_dead() == 1

    assert await one.holds(entry, LATER)


async def test_a_message_behind_one_that_was_taken_over_is_lost_with_it(
    workers: Workers,
) -> None:
    one, two, _ = workers
    await one.say(words("hello"))
    second = await one.say(words("how are you?"))
    assert second is not None
    [first] = await two.claim_outgoing(LATER, limit=1)

    assert not await one.holds(second, LATER)
    await two.sent(first.position, "m_1", LATER)
    [again] = await two.claim_outgoing(LATER, limit=9)
    assert again.position == second.position


async def test_a_message_is_lost_also_if_the_other_worker_has_stopped_by_now(
    workers: Workers,
) -> None:
    one, two, _ = workers
    first, second = await one.say(words("hello")), await one.say(words("how are you?"))
    assert first is not None
    assert second is not None
    await two.claim_outgoing(LATER, limit=1)
    await two.release()

    assert not await one.holds(first, LATER)
    assert not await one.holds(second, LATER)
    again = await one.claim_outgoing(LATER, limit=9)
    assert [entry.position for entry in again] == [first.position, second.position]


async def test_who_loses_an_event_loses_those_behind_it_however_new_they_are(
    workers: Workers,
) -> None:
    one, two, _ = workers
    await one.renew_claims(NOW)
    await one.record([message("a")], NOW)
    [behind] = await one.record([message("b")], NOW + 15 * SECOND)
    late = NOW + CLAIM_LEASE + SECOND
    [taken] = await two.claim_inbox(late, limit=9)
    assert taken.event.key == message("a").key

    assert not one.surely_holds(behind, late)
    assert not await one.holds(behind, late)
    [next_one] = await two.claim_inbox(late + CLAIM_LEASE / 2, limit=9)
    assert (next_one.event.key, next_one.is_repeated) == (message("b").key, True)


async def test_what_waits_behind_a_lost_event_is_overtaken_by_nothing(workers: Workers) -> None:
    one, two, _ = workers
    await one.renew_claims(NOW)
    await one.record([message("a")], NOW)
    [behind] = await one.record([message("b")], NOW + 30 * SECOND)
    [taken] = await two.claim_inbox(LATER, limit=9)

    assert not await one.holds(behind, LATER)
    await two.done(taken.position, LATER)
    assert await one.record([message("c")], LATER) == []
    claimed = await two.claim_inbox(LATER, limit=9)
    assert [entry.event.key for entry in claimed] == [message("b").key, message("c").key]


async def test_who_loses_a_message_loses_those_behind_it_however_new_they_are(
    workers: Workers,
) -> None:
    one, two, _ = workers
    await one.renew_claims(NOW)
    await one.say(words("first", said_at=NOW))
    behind = await one.say(words("second", said_at=NOW + 15 * SECOND))
    assert behind is not None
    late = NOW + CLAIM_LEASE + SECOND
    [taken] = await two.claim_outgoing(late, limit=9)
    assert taken.outgoing.message == {"text": "first"}

    assert not one.surely_holds(behind, late)
    assert not await one.holds(behind, late)
    [next_one] = await two.claim_outgoing(late + CLAIM_LEASE / 2, limit=9)
    assert (next_one.outgoing.message, next_one.is_doubtful) == ({"text": "second"}, True)


async def test_a_worker_that_lost_an_event_may_have_it_again(workers: Workers) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("a")], NOW)
    await two.claim_inbox(LATER, limit=9)
    await one.holds(entry, LATER)
    await two.release()

    [again] = await one.claim_inbox(LATER, limit=9)
    assert again.is_repeated
    assert await one.holds(again, LATER)


async def test_who_lost_an_event_can_t_set_it_aside(workers: Workers) -> None:
    one, two, _ = workers
    [entry] = await one.record([message("a")], NOW)
    [taken] = await two.claim_inbox(LATER, limit=9)
    for _ in range(DEAD_AFTER_FAILURES):
        assert await one.failed(entry.position, LATER) is False

    assert await two.failed(taken.position, LATER) is False


async def test_nothing_is_said_in_a_turn_whose_event_was_taken_over(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a")], NOW)
    assert await one.say(words("hello", event_key="a"))
    await two.claim_inbox(LATER, limit=9)

    with pytest.raises(ClaimLost):
        await one.say(words("how are you?", event_key="a", said_at=LATER))
    assert await two.say(words("hi", event_key="a", said_at=LATER)) is None  # behind "hello"
    assert [said.message["text"] for said in await two.said(ANNA, words("hi").turn)] == [
        "hello",
        "hi",
    ]


async def test_who_lost_an_event_takes_back_nothing_of_its_turn(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a")], NOW)
    said = await one.say(words("hello", event_key="a"))
    assert said is not None
    [taken] = await two.claim_inbox(LATER, limit=9)
    await one.withdraw([said.position])
    assert len(await two.said(ANNA, words("hello").turn)) == 1

    await two.withdraw([said.position])
    assert await two.said(ANNA, words("hello").turn) == []
    again = await two.say(words("hi", event_key="a", said_at=LATER))
    assert again is not None
    await two.done(taken.position, LATER)
    await one.withdraw([again.position])
    assert len(await two.said(ANNA, words("hi").turn)) == 1


async def test_what_others_say_is_stored_beside_what_comes_too_late(workers: Workers) -> None:
    one, two, _ = workers
    await one.record([message("a")], NOW)
    await two.claim_inbox(LATER, limit=9)

    with pytest.raises(ClaimLost):
        await one.say(words("too late", event_key="a"))
    assert await one.say(words("a reminder"))


async def test_nothing_is_said_in_a_session_s_turn_that_was_taken_over(workers: Workers) -> None:
    one, two, _ = workers
    assert await one.reserve_turn(ANNA, NOW)
    assert await one.say(words("Welcome back"), in_turn=True)
    assert await two.reserve_turn(ANNA, LATER)

    assert not await one.holds(ANNA, LATER)
    with pytest.raises(ClaimLost):
        await one.say(words("How was it?"), in_turn=True)


async def test_a_message_that_was_taken_over_is_not_sent(workers: Workers) -> None:
    one, two, _ = workers
    entry = await one.say(words("hello"))
    assert entry is not None
    assert (await one.before_send(entry))[0] is Standing.WAITING
    await two.claim_outgoing(LATER, limit=9)

    assert not await one.holds(entry, LATER)
    assert (await one.before_send(entry))[0] is None


async def test_who_was_told_that_a_message_is_anothers_may_have_it_again(
    workers: Workers,
) -> None:
    one, two, _ = workers
    entry = await one.say(words("hello"))
    assert entry is not None
    await two.claim_outgoing(LATER, limit=9)
    await one.before_send(entry)
    await two.release()

    [again] = await one.claim_outgoing(LATER, limit=9)
    assert again.position == entry.position


async def test_who_was_told_that_a_message_is_held_may_free_it(workers: Workers) -> None:
    one, two, _ = workers
    entry = await one.say(words("hello"))
    assert entry is not None
    await two.claim_outgoing(LATER, limit=9)
    await two.hold(entry.position)
    assert (await one.before_send(entry))[0] is Standing.HELD

    [freed] = await one.free_held(ANNA, LATER)
    assert freed.position == entry.position


async def test_a_message_that_was_sent_is_nobodys(workers: Workers) -> None:
    one, two, _ = workers
    entry = await one.say(words("hello"))
    assert entry is not None
    [taken] = await two.claim_outgoing(LATER, limit=9)
    await two.sent(taken.position, "m_1", LATER)

    assert not await one.holds(entry, LATER)
    assert (await one.before_send(entry))[0] is Standing.SENT


async def test_a_step_of_a_session_is_one_workers(workers: Workers) -> None:
    one, two, _ = workers
    session = new_session("session")
    await one.add_session(session, claim_until=NOW + CLAIM_LEASE)

    assert not await two.grip(session, NOW)
    assert await one.grip(session, NOW)
    assert await two.grip(session, LATER)
    assert not await one.grip(session, LATER)
    assert not await one.holds(session, LATER)
    assert await two.holds(session, LATER)


async def test_a_session_that_has_changed_is_not_gripped(store: Store) -> None:
    session = new_session("session")
    await store.add_session(session, claim_until=NOW + CLAIM_LEASE)
    await store.save_session(next_version(session, user_messages=1))

    assert not await store.grip(session, NOW)


async def test_a_session_is_gripped_with_its_next_version(workers: Workers) -> None:
    one, two, _ = workers
    session = new_session("session")
    await one.add_session(session)
    begun = next_version(session, begun_by=("one",))
    assert await one.grip(session, NOW, begun=begun)

    assert await two.session(session.id) == begun
    assert not await two.grip(begun, NOW)
    assert await one.holds(begun, NOW)


async def test_a_session_that_another_worker_has_does_not_become_its_next_version(
    workers: Workers,
) -> None:
    one, two, _ = workers
    session = new_session("session")
    await one.add_session(session, claim_until=NOW + CLAIM_LEASE)
    assert not await two.grip(session, NOW, begun=next_version(session, begun_by=("two",)))

    assert await one.session(session.id) == session


async def test_a_session_that_is_gripped_is_due_for_nobody_else(workers: Workers) -> None:
    one, two, _ = workers
    session = new_session("session")
    await one.add_session(session)
    assert await one.grip(session, NOW)

    assert await two.claim_due(NOW + SECOND, limit=9) == []
    assert await two.claim_due(LATER, limit=9) == [session]
