from __future__ import annotations

from datetime import datetime, timedelta, timezone

from channels.instruments.rare_lines import RareLine

NOW = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def test_the_first_time_is_told_at_once_and_then_once_an_interval() -> None:
    line = RareLine(MINUTE)
    told = [line.times(NOW + SECOND * seconds) for seconds in range(0, 150, 10)]
    assert told == [1, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 6, 0, 0]


def test_what_comes_after_a_long_silence_is_told_at_once() -> None:
    line = RareLine(MINUTE)
    assert [line.times(NOW), line.times(NOW + 5 * MINUTE)] == [1, 1]


def test_a_clock_that_is_set_back_keeps_nothing_back() -> None:
    line = RareLine(MINUTE)
    assert [line.times(NOW), line.times(NOW - timedelta(hours=1))] == [1, 1]
