"""A queue for each thread: its jobs run one after another, beside those of other threads."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from ..core.events import Thread
from ..instruments.leases import task_apart
from ..instruments.log_fields import AboutThread

logger = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class ThreadQueues:
    """Runs the jobs of each thread in order. A job that raises is logged, and the next one runs."""

    def __init__(self) -> None:
        self._jobs: dict[Thread, deque[Job]] = {}
        self._workers: dict[Thread, asyncio.Task[None]] = {}

    def put(self, thread: Thread, job: Job) -> None:
        """Add a job after the thread's others."""
        self._queue(thread).append(job)

    def is_idle(self, thread: Thread) -> bool:
        """Whether a job that is put now runs at once."""
        return thread not in self._workers

    async def run_first(self, thread: Thread, job: Job) -> None:
        """Add a job right after the one under way, and return once it has run, or failed."""
        over = asyncio.Event()

        async def watched() -> None:
            try:
                await job()
            finally:
                over.set()

        self._queue(thread).appendleft(watched)
        await over.wait()

    async def drained(self) -> None:
        """Return once every job that was put has run."""
        while self._workers:
            await asyncio.wait(self._workers.values())

    async def cancel(self) -> None:
        """Cancel every job that is under way, and forget those that are waiting."""
        self._jobs.clear()
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._workers.clear()  # one that was stopped before it began has not removed itself

    def _queue(self, thread: Thread) -> deque[Job]:
        jobs = self._jobs.setdefault(thread, deque())
        if thread not in self._workers:
            self._workers[thread] = task_apart(self._work(thread))
        return jobs

    async def _work(self, thread: Thread) -> None:
        try:
            while jobs := self._jobs.get(thread):
                with AboutThread(thread):
                    try:
                        await jobs.popleft()()
                    except Exception:
                        logger.exception(
                            "A job of a thread failed; the thread goes on with its next."
                        )
        finally:
            self._jobs.pop(thread, None)
            self._workers.pop(thread, None)
