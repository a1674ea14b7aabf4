from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import (
    GraphError,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    TokenRefused,
)
from channels.graph.retry import LONGEST_CALL, LONGEST_THROTTLE, MOST_TRIES, Tries

START = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
DOWN = GraphUnavailable("Graph is down")


def throttled(retry_after: timedelta) -> GraphError:
    return GraphThrottled("Too many calls", retry_after=retry_after)


def pause_after(*errors: GraphError, now: datetime = START) -> timedelta | None:
    """The pause before the next try, after tries that ended in these errors."""
    tries = Tries(started_at=START)
    for error in errors:
        tries.failed(error)
    return tries.pause_after(errors[-1], now)


def test_each_pause_is_twice_the_one_before() -> None:
    first, second = pause_after(DOWN), pause_after(DOWN, DOWN)
    assert first is not None
    assert second == 2 * first


def test_the_last_try_is_not_followed_by_another() -> None:
    assert pause_after(*[DOWN] * MOST_TRIES) is None


def test_a_refusal_is_not_tried_again() -> None:
    assert pause_after(TokenRefused("Expired")) is None


def test_a_short_rate_limit_is_waited_out() -> None:
    assert pause_after(throttled(LONGEST_THROTTLE)) == LONGEST_THROTTLE


def test_a_long_rate_limit_is_left_to_the_caller() -> None:
    assert pause_after(throttled(LONGEST_THROTTLE + timedelta(seconds=1))) is None


def test_nothing_is_tried_again_once_the_time_is_up() -> None:
    assert pause_after(DOWN, now=START + LONGEST_CALL - timedelta(seconds=1)) is None


def test_a_try_gets_the_time_that_is_left() -> None:
    tries = Tries(started_at=START)
    assert tries.time_left(START + timedelta(seconds=10)) == LONGEST_CALL - timedelta(seconds=10)


def test_a_try_always_gets_some_time() -> None:
    assert Tries(started_at=START).time_left(START + timedelta(hours=1)) == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("error", "in_doubt"),
    [(DOWN, True), (GraphTimeout("Slow"), True), (throttled(timedelta()), False)],
)
def test_only_a_missing_answer_leaves_a_doubt(error: GraphError, in_doubt: bool) -> None:
    tries = Tries(started_at=START)
    tries.failed(error)
    assert tries.in_doubt is in_doubt


def test_a_doubt_stays_after_a_clear_answer() -> None:
    tries = Tries(started_at=START)
    tries.failed(DOWN)
    tries.failed(throttled(timedelta()))
    assert tries.in_doubt
