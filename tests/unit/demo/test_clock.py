from __future__ import annotations

from datetime import datetime, timedelta, timezone

from demo.rasa_ahead import AheadClock

MOVES = [{"n": 3, "ahead_seconds": 60.0}, {"n": 7, "ahead_seconds": 1_860.0}]


def ahead(clock: AheadClock) -> timedelta:
    """To the second, as real time goes on meanwhile."""
    return timedelta(seconds=round((clock.now() - datetime.now(timezone.utc)).total_seconds()))


def test_rasas_clock_is_as_far_ahead_as_the_emulators_last_move() -> None:
    clock = AheadClock("http://127.0.0.1:1")
    clock.take({"entries": MOVES, "last": 9})
    clock.take({"entries": [], "last": 12})
    assert ahead(clock) == timedelta(minutes=31)


def test_a_reset_of_the_emulator_resets_rasas_clock() -> None:
    clock = AheadClock("http://127.0.0.1:1")
    clock.take({"entries": MOVES, "last": 9})
    clock.take({"entries": [], "last": 2})
    assert ahead(clock) == timedelta()
