"""The queues: in order within a thread, side by side across threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from channels.core.events import Thread
from channels.engine.queues import Job, ThreadQueues

ADA = Thread(page="111", user="222")
BOB = Thread(page="111", user="333")


class Jobs:
    """Jobs that note when they begin and end; some wait until they are let go."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self._begun: dict[str, asyncio.Event] = {}
        self._let_go: dict[str, asyncio.Event] = {}

    def quick(self, name: str) -> Job:
        async def job() -> None:
            self.log.append(name)

        return job

    def failing(self, name: str) -> Job:
        async def job() -> None:
            self.log.append(name)
            raise LookupError(name)

        return job

    def waiting(self, name: str) -> Job:
        begun = self._begun[name] = asyncio.Event()
        let_go = self._let_go[name] = asyncio.Event()

        async def job() -> None:
            begun.set()
            await let_go.wait()
            self.log.append(name)

        return job

    async def begun(self, name: str) -> None:
        await asyncio.wait_for(self._begun[name].wait(), timeout=5)

    def let_go(self, name: str) -> None:
        self._let_go[name].set()


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
async def queues() -> AsyncIterator[ThreadQueues]:
    queues = ThreadQueues()
    yield queues
    await queues.cancel()


async def drained(queues: ThreadQueues) -> None:
    await asyncio.wait_for(queues.drained(), timeout=5)


async def test_the_jobs_of_a_thread_run_in_order(queues: ThreadQueues, jobs: Jobs) -> None:
    queues.put(ADA, jobs.waiting("first"))
    queues.put(ADA, jobs.quick("second"))
    queues.put(ADA, jobs.quick("third"))
    await jobs.begun("first")
    jobs.let_go("first")
    await drained(queues)
    assert jobs.log == ["first", "second", "third"]


async def test_a_thread_does_not_wait_for_another(queues: ThreadQueues, jobs: Jobs) -> None:
    queues.put(ADA, jobs.waiting("of Ada"))
    queues.put(BOB, jobs.waiting("of Bob"))
    await jobs.begun("of Ada")
    await jobs.begun("of Bob")
    jobs.let_go("of Bob")
    jobs.let_go("of Ada")
    await drained(queues)
    assert jobs.log == ["of Bob", "of Ada"]


async def test_a_job_that_fails_does_not_stop_the_next(queues: ThreadQueues, jobs: Jobs) -> None:
    queues.put(ADA, jobs.failing("first"))
    queues.put(ADA, jobs.quick("second"))
    await drained(queues)
    assert jobs.log == ["first", "second"]


async def test_a_job_that_fails_is_logged_with_its_cause(
    queues: ThreadQueues, jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    queues.put(ADA, jobs.failing("first"))
    await drained(queues)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


async def test_an_urgent_job_comes_right_after_the_one_under_way(
    queues: ThreadQueues, jobs: Jobs
) -> None:
    queues.put(ADA, jobs.waiting("under way"))
    queues.put(ADA, jobs.quick("waiting"))
    await jobs.begun("under way")
    urgent = asyncio.create_task(queues.run_first(ADA, jobs.quick("urgent")))
    await asyncio.sleep(0)  # until it is in the queue
    jobs.let_go("under way")
    await urgent
    await drained(queues)
    assert jobs.log == ["under way", "urgent", "waiting"]


async def test_an_urgent_job_of_an_idle_thread_runs_at_once(
    queues: ThreadQueues, jobs: Jobs
) -> None:
    await queues.run_first(ADA, jobs.quick("urgent"))
    assert jobs.log == ["urgent"]


async def test_a_job_may_put_another_one_behind_it(queues: ThreadQueues, jobs: Jobs) -> None:
    async def job() -> None:
        queues.put(ADA, jobs.quick("second"))
        jobs.log.append("first")

    queues.put(ADA, job)
    await drained(queues)
    assert jobs.log == ["first", "second"]


async def test_a_thread_that_was_idle_works_again(queues: ThreadQueues, jobs: Jobs) -> None:
    queues.put(ADA, jobs.quick("first"))
    await drained(queues)
    queues.put(ADA, jobs.quick("second"))
    await drained(queues)
    assert jobs.log == ["first", "second"]


async def test_queues_without_jobs_are_drained(queues: ThreadQueues) -> None:
    await drained(queues)


async def test_queues_are_not_drained_while_a_job_is_under_way(
    queues: ThreadQueues, jobs: Jobs
) -> None:
    queues.put(ADA, jobs.waiting("under way"))
    await jobs.begun("under way")
    waiting = asyncio.create_task(queues.drained())
    await asyncio.sleep(0)
    assert not waiting.done()
    jobs.let_go("under way")
    await asyncio.wait_for(waiting, timeout=5)


async def test_who_runs_a_job_waits_for_it_and_for_those_before_it(
    queues: ThreadQueues, jobs: Jobs
) -> None:
    queues.put(ADA, jobs.waiting("before"))
    running = asyncio.create_task(queues.run_first(ADA, jobs.quick("run")))
    await jobs.begun("before")
    assert not running.done()
    jobs.let_go("before")
    await asyncio.wait_for(running, timeout=5)
    assert jobs.log == ["before", "run"]


async def test_who_runs_a_job_that_fails_waits_no_longer(queues: ThreadQueues, jobs: Jobs) -> None:
    await asyncio.wait_for(queues.run_first(ADA, jobs.failing("run")), timeout=5)
    assert jobs.log == ["run"]


async def test_cancelling_stops_the_job_under_way_and_forgets_the_others(
    queues: ThreadQueues, jobs: Jobs
) -> None:
    queues.put(ADA, jobs.waiting("under way"))
    queues.put(ADA, jobs.quick("waiting"))
    await jobs.begun("under way")
    await queues.cancel()
    await drained(queues)
    assert jobs.log == []


async def test_cancelling_waits_until_a_job_has_cleaned_up(
    queues: ThreadQueues, jobs: Jobs
) -> None:
    begun = asyncio.Event()

    async def job() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            jobs.log.append("cleaned up")

    queues.put(ADA, job)
    await begun.wait()
    await queues.cancel()
    assert jobs.log == ["cleaned up"]


async def test_cancelling_before_a_job_has_begun_leaves_nothing_behind(
    queues: ThreadQueues, jobs: Jobs
) -> None:
    queues.put(ADA, jobs.quick("never"))
    await queues.cancel()
    queues.put(ADA, jobs.quick("afterwards"))
    await drained(queues)
    assert jobs.log == ["afterwards"]
