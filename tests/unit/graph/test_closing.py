"""When a page's calls may go out: closed by what concerns them all, for as long as it lasts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphUnavailable,
    TokenRefused,
    UserUnreachable,
)
from channels.graph.closing import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Door,
    concerns_all,
)
from channels.graph.protocol import Obstacle
from channels.graph.retry import LONGEST_THROTTLE

NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
BAD_TOKEN = TokenRefused("Expired", code=190, subcode=463, remedy="Make a new one.")
DOWN = GraphUnavailable("Graph is down")


def throttled(retry_after: timedelta = 5 * MINUTE) -> GraphThrottled:
    return GraphThrottled("Too many calls", retry_after=retry_after, code=80006)


@pytest.fixture
def door() -> Door:
    return Door("page 111")


@pytest.mark.parametrize(
    ("error", "concerns"),
    [
        (throttled(), True),
        (throttled(LONGEST_THROTTLE), False),
        (BAD_TOKEN, True),
        (DOWN, False),
        (GraphRefused("Invalid parameter"), False),
        (UserUnreachable("Gone"), False),
    ],
)
def test_what_concerns_all_calls(error: GraphError, concerns: bool) -> None:
    assert concerns_all(error) is concerns


def test_a_new_door_is_open(door: Door) -> None:
    assert door.closure(NOW) is None
    door.check(NOW)


def test_a_rate_limit_is_over_by_itself(door: Door) -> None:
    door.close(throttled(), NOW)
    closure = door.closure(NOW + 5 * MINUTE - SECOND)
    assert closure is not None
    assert (closure.obstacle, closure.until) == (Obstacle.THROTTLED, NOW + 5 * MINUTE)
    assert door.closure(NOW + 5 * MINUTE) is None


@pytest.mark.parametrize(
    ("error", "obstacle"),
    [(BAD_TOKEN, Obstacle.UNAUTHORISED), (DOWN, Obstacle.UNREACHABLE)],
)
def test_what_does_not_pass_by_itself_stays_until_it_is_asked_for(
    door: Door, error: GraphError, obstacle: Obstacle
) -> None:
    door.close(error, NOW)
    closure = door.closure(NOW + timedelta(days=1))
    assert closure is not None
    assert (closure.obstacle, closure.until) == (obstacle, NOW + FIRST_PAUSE)
    door.open()
    assert door.closure(NOW) is None


@pytest.mark.parametrize("error", [BAD_TOKEN, DOWN])
def test_meta_is_asked_ever_less_often(door: Door, error: GraphError) -> None:
    now, pauses = NOW, []
    for _ in range(8):
        door.close(error, now)
        closure = door.closure(now)
        assert closure is not None
        pauses.append(closure.until - now)
        now = closure.until
    assert pauses[:4] == [FIRST_PAUSE * factor for factor in (1, 2, 4, 8)]
    assert pauses[-1] == LONGEST_PAUSE


def test_what_keeps_it_closed_for_longer_goes_before(door: Door) -> None:
    door.close(throttled(), NOW)
    assert door.close(BAD_TOKEN, NOW + SECOND) is None
    closure = door.closure(NOW + SECOND)
    assert closure is not None
    assert closure.obstacle is Obstacle.THROTTLED


def test_only_another_obstacle_is_news(door: Door) -> None:
    assert door.close(BAD_TOKEN, NOW) is Obstacle.UNAUTHORISED
    assert door.close(BAD_TOKEN, NOW + MINUTE) is None
    assert door.close(throttled(), NOW + 2 * MINUTE) is Obstacle.THROTTLED


def test_a_call_that_may_not_go_out_gets_what_closed_the_door(door: Door) -> None:
    door.close(BAD_TOKEN, NOW)
    with pytest.raises(TokenRefused, match=r"not asked before 12:00:01 UTC\. Expired") as refusal:
        door.check(NOW + MINUTE)
    assert (refusal.value.code, refusal.value.subcode) == (190, 463)
    assert refusal.value.remedy == "Make a new one."


def test_a_throttled_call_is_told_how_long_is_left(door: Door) -> None:
    door.close(throttled(), NOW)
    with pytest.raises(GraphThrottled) as refusal:
        door.check(NOW + MINUTE)
    assert refusal.value.retry_after == 4 * MINUTE


def test_a_call_during_an_outage_has_not_been_made(door: Door) -> None:
    door.close(DOWN, NOW)
    with pytest.raises(GraphUnavailable) as refusal:
        door.check(NOW)
    assert type(refusal.value) is GraphUnavailable


def test_a_closure_says_whose_it_is_and_why(door: Door) -> None:
    door.close(BAD_TOKEN, NOW)
    closure = door.closure(NOW)
    assert closure is not None
    assert (closure.page, closure.reason) == (
        "page 111",
        "Expired (error 190/463). Make a new one.",
    )
