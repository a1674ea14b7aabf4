"""How fast messages go out: never more in any second than Meta allows, and in order."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.graph.pace import JITTER, LONGEST_QUEUE, Pace, is_slow

NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
pauses = st.lists(st.integers(0, 2_000_000).map(lambda us: timedelta(microseconds=us)), max_size=80)


def places_of(pace: Pace, count: int, now: datetime = NOW) -> list[datetime]:
    """The places of this many messages that come at once."""
    return [now + pace.take(now) for _ in range(count)]


def most_in_a_second(places: list[datetime]) -> int:
    return max(sum(first <= place < first + SECOND for place in places) for first in places)


@given(late=st.lists(st.integers(0, 100), min_size=40, max_size=40))
def test_messages_that_catch_up_on_their_way_do_not_arrive_in_one_second(late: list[int]) -> None:
    places = places_of(Pace(10), 40)
    arrivals = [place + timedelta(milliseconds=ms) for place, ms in zip(places, late, strict=True)]
    assert most_in_a_second(sorted(arrivals)) <= 10


@pytest.mark.parametrize("a_second", [1, 3, 10, 37, 300])
def test_a_second_never_sees_more_than_allowed(a_second: int) -> None:
    places = places_of(Pace(a_second), 4 * a_second)
    assert most_in_a_second(places) <= a_second


@pytest.mark.parametrize("a_second", [1, 3, 10, 37, 300])
def test_nearly_all_that_is_allowed_is_used(a_second: int) -> None:
    places = places_of(Pace(a_second), 4 * a_second + 1)
    assert places[-1] - NOW <= 4 * (SECOND + JITTER)


def test_what_comes_at_once_is_spread_over_the_second() -> None:
    places = places_of(Pace(300), 300)
    assert sum(place < NOW + SECOND / 4 for place in places) == 75


@given(a_second=st.integers(1, 20), workers=st.integers(1, 5), pauses=pauses)
def test_whatever_comes_when_the_limit_holds_and_nobody_is_overtaken(
    a_second: int, workers: int, pauses: list[timedelta]
) -> None:
    pace, now, places = Pace(a_second), NOW, [NOW - timedelta(days=1)]
    pace.share_among(workers)
    for pause in pauses:
        now += pause
        if pace.wait(now) <= LONGEST_QUEUE:
            places.append(now + pace.take(now))
    assert places == sorted(places)
    assert most_in_a_second(places) <= max(1, a_second // workers)


def test_the_wait_is_that_of_the_place_that_is_then_taken() -> None:
    pace = Pace(4)
    pace.take(NOW)
    assert pace.wait(NOW) == pace.take(NOW) == (SECOND + JITTER) / 4


def test_workers_keep_to_the_limit_together() -> None:
    paces = [Pace(10) for _ in range(3)]
    for pace in paces:
        pace.share_among(3)
    places = [place for pace in paces for place in places_of(pace, 20)]
    assert most_in_a_second(places) <= 10


def test_many_workers_get_less_than_one_a_second_each() -> None:
    pace = Pace(2)
    pace.share_among(8)
    first, second = places_of(pace, 2)
    assert second - first == 4 * SECOND + JITTER


def test_a_worker_that_is_alone_again_has_the_whole_limit() -> None:
    pace = Pace(300)
    pace.share_among(3)
    pace.share_among(1)
    assert places_of(pace, 301)[-1] == NOW + SECOND + JITTER


def test_what_may_be_left_out_goes_only_while_there_is_room() -> None:
    pace = Pace(40)  # ten in a quarter of a second
    taken = [pace.take_spare(NOW) for _ in range(10)]
    assert taken == [True] * 6 + [False] * 4
    assert pace.wait(NOW) == timedelta()
    assert pace.take_spare(NOW + SECOND)


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    pace = Pace(1)
    pace.take(NOW + timedelta(hours=1))
    assert pace.wait(NOW) == timedelta()


@pytest.mark.parametrize(
    ("message", "slow"),
    [
        ({"text": "hello"}, False),
        ({"attachment": {"type": "image", "payload": {"url": "https://x/y.png"}}}, False),
        ({"attachment": {"type": "audio", "payload": {"url": "https://x/y.mp3"}}}, True),
        ({"attachment": {"type": "video", "payload": {"attachment_id": "1"}}}, True),
        ({"attachment": {"type": "template", "payload": {"template_type": "button"}}}, False),
        (
            {
                "attachment": {
                    "type": "template",
                    "payload": {"template_type": "media", "elements": [{"media_type": "video"}]},
                }
            },
            True,
        ),
        ({"attachment": "odd"}, False),
        ({"attachment": {"type": "template", "payload": "odd"}}, False),
        ({"attachment": {"type": "template", "payload": {"elements": 5}}}, False),
        ({"attachment": {"type": "template", "payload": {"elements": ["odd"]}}}, False),
        ({"attachments": [{"type": "image"}, {"type": "video"}]}, True),
        ({"attachments": [{"type": "image"}]}, False),
        ({"attachments": {"type": "video"}}, False),
    ],
)
def test_audio_and_video_have_a_limit_of_their_own(message: dict[str, object], slow: bool) -> None:
    assert is_slow(message) is slow
