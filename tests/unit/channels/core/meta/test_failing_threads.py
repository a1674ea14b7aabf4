"""For how long a question about a thread has failed, time after time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from channels.core.events import Thread
from channels.core.meta.failing_threads import FailingThreads

NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
ANNA, BEN = Thread(page="111", user="2001"), Thread(page="111", user="2002")


def failing() -> FailingThreads:
    return FailingThreads(forgotten_after=60 * SECOND)


def test_it_counts_from_the_first_time_of_each_thread() -> None:
    threads = failing()
    assert threads.for_long(ANNA, NOW) == timedelta()
    assert threads.for_long(ANNA, NOW + 40 * SECOND) == 40 * SECOND
    assert threads.for_long(BEN, NOW + 40 * SECOND) == timedelta()
    assert threads.for_long(ANNA, NOW + 80 * SECOND) == 80 * SECOND


def test_it_begins_again_after_an_answer() -> None:
    threads = failing()
    threads.for_long(ANNA, NOW)
    threads.no_more(ANNA)
    assert threads.for_long(ANNA, NOW + 40 * SECOND) == timedelta()


def test_it_begins_again_where_nobody_has_asked_for_long() -> None:
    threads = failing()
    threads.for_long(ANNA, NOW)
    assert threads.for_long(ANNA, NOW + 61 * SECOND) == timedelta()


def test_no_more_threads_are_kept_than_have_failed_of_late() -> None:
    threads = failing()
    for number in range(1000):
        threads.for_long(Thread(page="111", user=str(number)), NOW + number * SECOND)
    assert len(threads._failing) == 61
