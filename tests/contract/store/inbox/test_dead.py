"""What `Store` promises of events and messages that are dead."""

from __future__ import annotations

import pytest

from channels.core.events import Event
from channels.core.records.dead import Dead, DeadId, Part
from channels.core.records.outgoing import Outgoing
from channels.store.protocol import DEAD_AFTER_FAILURES, Store
from tests.contract.conftest import MakeStore
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    HOUR,
    NOW,
    SECOND,
    echo,
    message,
    words,
)


async def dead_event(store: Store, event: Event, *, after: int = 0) -> DeadId:
    [entry] = await store.record([event], NOW)
    died_at = NOW + (after + 1) * SECOND
    assert await store.failed(entry.position, died_at, error="TurnTimedOut", for_good=True)
    return DeadId(part=Part.EVENT, position=entry.position)


async def dead_message(store: Store, said: Outgoing, *, after: int = 0) -> DeadId:
    entry = await store.say(said)
    assert entry is not None
    await store.give_up(entry.position, NOW + (after + 1) * SECOND, error="GraphRefused 100/-")
    return DeadId(part=Part.MESSAGE, position=entry.position)


async def test_what_is_dead_is_told_without_what_anybody_wrote(store: Store) -> None:
    of_event = await dead_event(store, message("a"))
    of_message = await dead_message(store, words("b", BEN), after=1)

    assert await store.dead(limit=9) == [
        Dead(
            id=of_message,
            thread=BEN,
            kind="message",
            since=NOW,
            died_at=NOW + 2 * SECOND,
            error="GraphRefused 100/-",
        ),
        Dead(
            id=of_event,
            thread=ANNA,
            kind="user_message",
            since=NOW,
            died_at=NOW + SECOND,
            error="TurnTimedOut",
        ),
    ]


async def test_the_last_that_died_are_listed_up_to_a_limit(store: Store) -> None:
    for number in range(4):
        await dead_event(store, message(f"event {number}"), after=2 * number)
        await dead_message(store, words(f"message {number}"), after=2 * number + 1)

    newest = await store.dead(limit=3)

    assert [dead.died_at for dead in newest] == [NOW + after * SECOND for after in (8, 7, 6)]


async def test_an_event_that_failed_three_times_is_told_with_its_last_error(store: Store) -> None:
    [entry] = await store.record([echo("a")], NOW)
    for number in range(DEAD_AFTER_FAILURES):
        await store.failed(entry.position, NOW, error=f"Error{number}")

    [dead] = await store.dead(limit=9)
    assert (dead.kind, dead.error) == ("echo", f"Error{DEAD_AFTER_FAILURES - 1}")


async def test_what_is_alive_is_not_listed_and_not_taken_up_again(store: Store) -> None:
    [entry, done] = await store.record([message("a"), message("b")], NOW)
    await store.failed(entry.position, NOW, error="Error")
    await store.done(done.position, NOW)
    await store.say(words("c"))

    assert await store.dead(limit=9) == []
    assert await store.retry_dead() == 0


async def test_an_event_is_taken_up_again_as_new(store: Store) -> None:
    await dead_event(store, message("a"))

    assert await store.retry_dead() == 1
    assert await store.dead(limit=9) == []
    [entry] = await store.claim_inbox(NOW + HOUR, limit=9)
    assert (entry.event, entry.failures, entry.is_repeated) == (message("a"), 0, True)


async def test_a_message_is_taken_up_again_as_new(store: Store) -> None:
    await dead_message(store, words("a"))

    assert await store.retry_dead() == 1
    [entry] = await store.claim_outgoing(NOW + HOUR, limit=9)
    assert (entry.outgoing, entry.is_doubtful) == (words("a"), True)
    assert await store.answer_lost(entry.position) == 1


@pytest.mark.parametrize("part", Part)
async def test_only_what_is_asked_for_is_taken_up_again(store: Store, part: Part) -> None:
    ids = [await dead_event(store, message("a")), await dead_message(store, words("a"))]
    unknown = DeadId(part=part, position=12345)
    wanted = next(id_ for id_ in ids if id_.part is part)

    assert await store.retry_dead([unknown]) == 0
    assert await store.retry_dead([wanted, unknown]) == 1
    assert [dead.id for dead in await store.dead(limit=9)] == [id_ for id_ in ids if id_ != wanted]


async def test_a_message_that_is_dead_is_counted_and_not_sent(store: Store) -> None:
    await dead_message(store, words("a"))

    assert (await store.outgoing_backlog()).dead == 1
    assert not await store.waits_outgoing(ANNA)
    assert await store.claim_outgoing(NOW + HOUR, limit=9) == []
    [said] = await store.said(ANNA, "m_1")
    assert not said.is_waiting


async def test_what_is_dead_is_kept_as_long_as_sessions(store: Store) -> None:
    await dead_event(store, message("a"))
    await dead_message(store, words("a"))
    for age, left in ((HOUR, 2), (3 * HOUR, 0)):
        await store.prune(
            NOW + age,
            inbox_retention=SECOND,
            session_retention=2 * HOUR,
            transcript_retention=HOUR,
        )
        assert len(await store.dead(limit=9)) == left


async def test_attempts_of_what_waits_are_counted(store: Store) -> None:
    [entry] = await store.record([message("a")], NOW)
    said = await store.say(words("a"))
    assert said is not None
    for part, position in ((Part.EVENT, entry.position), (Part.MESSAGE, said.position)):
        id_ = DeadId(part=part, position=position)
        assert [await store.attempt(id_, times) for times in (1, 1, -1)] == [1, 2, 1]

    assert await store.attempt(DeadId(part=Part.EVENT, position=12345)) == 0


async def test_what_a_dead_worker_has_left_is_known_by_that(make_lasting_store: MakeStore) -> None:
    first = make_lasting_store("first")
    await first.open()
    [entry] = await first.record([message("a")], NOW)
    said = await first.say(words("a"))
    assert said is not None
    await first.attempt(DeadId(part=Part.EVENT, position=entry.position))
    await first.attempt(DeadId(part=Part.MESSAGE, position=said.position))
    await first.close()

    second = make_lasting_store("second")
    await second.open()
    [entry] = await second.claim_inbox(NOW + HOUR, limit=9)
    await second.done(entry.position, NOW)
    [said] = await second.claim_outgoing(NOW + HOUR, limit=9)
    await second.close()
    assert (entry.was_lost, entry.attempts) == (said.was_lost, said.attempts) == (True, 1)


async def test_what_a_worker_gave_back_was_not_lost(store: Store) -> None:
    await store.record([message("a")], NOW)
    await store.release()

    [entry] = await store.claim_inbox(NOW, limit=9)
    assert (entry.is_repeated, entry.was_lost) == (True, False)
