"""When a page's calls may go out: closed by what concerns them all, for as long as it lasts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import (
    LONGEST_LIMIT,
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
    PageClosing,
    concerns_all,
)
from channels.graph.protocol import Obstacle
from channels.graph.retry import LONGEST_THROTTLE

NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
BAD_TOKEN = TokenRefused("Expired", code=190, subcode=463, remedy="Make a new one.")
DOWN = GraphUnavailable("Graph is down")


def throttled(retry_after: timedelta = 5 * MINUTE) -> GraphThrottled:
    return GraphThrottled("Too many calls", retry_after=retry_after, code=80006)


@pytest.fixture
def closing() -> PageClosing:
    return PageClosing("page 111")


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


def test_a_page_is_open_at_first(closing: PageClosing) -> None:
    assert closing.closed_page(NOW) is None
    closing.check(NOW)


def test_a_rate_limit_is_over_by_itself(closing: PageClosing) -> None:
    closing.close(throttled(), NOW)
    closed = closing.closed_page(NOW + 5 * MINUTE - SECOND)
    assert closed is not None
    assert (closed.obstacle, closed.until) == (Obstacle.THROTTLED, NOW + 5 * MINUTE)
    assert closing.closed_page(NOW + 5 * MINUTE) is None


def test_meta_is_asked_before_a_long_rate_limit_is_over(closing: PageClosing) -> None:
    closing.close(throttled(4 * HOUR), NOW)
    for now in (NOW, NOW + LONGEST_LIMIT, NOW + 4 * HOUR - SECOND):
        closed = closing.closed_page(now)
        assert closed is not None
        assert closed.until == NOW + LONGEST_LIMIT
    assert closing.closed_page(NOW + 4 * HOUR) is None

    closing.open()
    assert closing.closed_page(NOW + LONGEST_LIMIT) is None


@pytest.mark.parametrize(
    ("error", "obstacle"),
    [(BAD_TOKEN, Obstacle.UNAUTHORISED), (DOWN, Obstacle.UNREACHABLE)],
)
def test_what_does_not_pass_by_itself_stays_until_it_is_asked_for(
    closing: PageClosing, error: GraphError, obstacle: Obstacle
) -> None:
    closing.close(error, NOW)
    closed = closing.closed_page(NOW + timedelta(days=1))
    assert closed is not None
    assert (closed.obstacle, closed.until) == (obstacle, NOW + FIRST_PAUSE)
    closing.open()
    assert closing.closed_page(NOW) is None


@pytest.mark.parametrize("error", [BAD_TOKEN, DOWN])
def test_meta_is_asked_ever_less_often(closing: PageClosing, error: GraphError) -> None:
    now, pauses = NOW, []
    for _ in range(8):
        closing.close(error, now)
        closed = closing.closed_page(now)
        assert closed is not None
        pauses.append(closed.until - now)
        now = closed.until
    assert pauses[:4] == [FIRST_PAUSE * factor for factor in (1, 2, 4, 8)]
    assert pauses[-1] == LONGEST_PAUSE


def test_after_an_answer_meta_is_asked_again_as_soon_as_at_first(closing: PageClosing) -> None:
    closing.close(DOWN, NOW)
    closing.close(DOWN, NOW + SECOND)
    closing.open()
    closing.close(DOWN, NOW + MINUTE)
    closed = closing.closed_page(NOW + MINUTE)
    assert closed is not None
    assert closed.until == NOW + MINUTE + FIRST_PAUSE


def test_what_keeps_it_closed_for_longer_goes_before(closing: PageClosing) -> None:
    closing.close(throttled(), NOW)
    assert closing.close(BAD_TOKEN, NOW + SECOND) is None
    closed = closing.closed_page(NOW + SECOND)
    assert closed is not None
    assert closed.obstacle is Obstacle.THROTTLED


def test_only_another_obstacle_is_news(closing: PageClosing) -> None:
    assert closing.close(BAD_TOKEN, NOW) is Obstacle.UNAUTHORISED
    assert closing.close(BAD_TOKEN, NOW + MINUTE) is None
    assert closing.close(throttled(), NOW + 2 * MINUTE) is Obstacle.THROTTLED


def test_a_call_that_may_not_go_out_gets_what_closed_the_page(closing: PageClosing) -> None:
    closing.close(BAD_TOKEN, NOW)
    with pytest.raises(TokenRefused, match=r"not asked before 12:00:01 UTC\. Expired") as refusal:
        closing.check(NOW + MINUTE)
    assert (refusal.value.code, refusal.value.subcode) == (190, 463)
    assert refusal.value.remedy == "Make a new one."


def test_a_throttled_call_is_told_how_long_is_left(closing: PageClosing) -> None:
    closing.close(throttled(), NOW)
    with pytest.raises(GraphThrottled) as refusal:
        closing.check(NOW + MINUTE)
    assert refusal.value.retry_after == 4 * MINUTE


def test_a_call_during_an_outage_has_not_been_made(closing: PageClosing) -> None:
    closing.close(DOWN, NOW)
    with pytest.raises(GraphUnavailable) as refusal:
        closing.check(NOW)
    assert type(refusal.value) is GraphUnavailable


def test_a_closure_says_whose_it_is_and_why(closing: PageClosing) -> None:
    closing.close(BAD_TOKEN, NOW)
    closed = closing.closed_page(NOW)
    assert closed is not None
    assert (closed.page, closed.reason) == (
        "page 111",
        "Expired (error 190/463). Make a new one.",
    )
