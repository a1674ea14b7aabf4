"""What `Store` promises of turns: one worker at a time lets Rasa hear of a thread's session."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from channels.store.protocol import CLAIM_LEASE, Store
from tests.contract.store.store_samples import ANNA, BEN, NOW, SECOND

Workers = tuple[Store, Store, Store]

LEASE_OVER = NOW + CLAIM_LEASE


async def test_the_only_worker_has_every_turn_it_asks_for(store: Store) -> None:
    assert await store.reserve_turn(ANNA, NOW) is True
    assert await store.reserve_turn(ANNA, NOW) is True
    await store.free_turn(ANNA)
    assert await store.reserve_turn(ANNA, NOW) is True


async def test_of_workers_that_ask_at_once_one_has_it(workers: Workers) -> None:
    for _ in range(20):
        answers = await asyncio.gather(*[worker.reserve_turn(ANNA, NOW) for worker in workers])
        assert sum(answers) == 1
        await workers[answers.index(True)].free_turn(ANNA)


async def test_it_is_the_next_workers_once_it_is_freed(workers: Workers) -> None:
    one, two, _ = workers
    await one.reserve_turn(ANNA, NOW)
    assert await two.reserve_turn(ANNA, NOW) is False
    await one.free_turn(ANNA)

    assert await two.reserve_turn(ANNA, NOW) is True
    assert await one.reserve_turn(ANNA, NOW) is False


async def test_nobody_frees_another_workers(workers: Workers) -> None:
    one, two, three = workers
    await one.reserve_turn(ANNA, NOW)
    await two.free_turn(ANNA)

    assert await three.reserve_turn(ANNA, NOW) is False


async def test_each_thread_has_its_own(workers: Workers) -> None:
    one, two, _ = workers
    await one.reserve_turn(ANNA, NOW)

    asked = [two.reserve_turn(ANNA, NOW), two.reserve_turn(BEN, NOW)]
    assert await asyncio.gather(*asked) == [False, True]


async def test_that_of_a_dead_worker_lapses(workers: Workers) -> None:
    one, two, three = workers
    await one.reserve_turn(ANNA, NOW)

    assert await two.reserve_turn(ANNA, LEASE_OVER - SECOND) is False
    assert await two.reserve_turn(ANNA, LEASE_OVER) is True
    assert await three.reserve_turn(ANNA, LEASE_OVER + SECOND) is False


async def test_a_long_one_is_kept_as_claims_are(workers: Workers) -> None:
    one, two, _ = workers
    await one.reserve_turn(ANNA, NOW)
    await one.renew_claims(LEASE_OVER - SECOND)

    assert await two.reserve_turn(ANNA, LEASE_OVER) is False


async def test_one_that_has_been_taken_over_is_not_kept(workers: Workers) -> None:
    one, two, three = workers
    await one.reserve_turn(ANNA, NOW)
    await two.reserve_turn(ANNA, LEASE_OVER)
    await one.renew_claims(LEASE_OVER + CLAIM_LEASE)

    assert await three.reserve_turn(ANNA, LEASE_OVER + CLAIM_LEASE) is True


async def test_a_worker_that_stops_gives_it_back(workers: Workers) -> None:
    one, two, _ = workers
    await one.reserve_turn(ANNA, NOW)
    await one.release()

    assert await two.reserve_turn(ANNA, NOW) is True


async def test_what_a_dead_worker_has_left_is_pruned(workers: Workers) -> None:
    one, two, _ = workers
    await one.reserve_turn(ANNA, NOW)
    day = timedelta(days=1)
    await two.prune(NOW + day, inbox_retention=day, session_retention=day, transcript_retention=day)

    assert await two.forget(ANNA) == 0


async def test_what_is_left_of_it_is_forgotten_with_the_person(workers: Workers) -> None:
    one, two, _ = workers
    await one.reserve_turn(ANNA, NOW)

    assert await two.forget(ANNA) == 1
    assert await two.forget(ANNA) == 0
