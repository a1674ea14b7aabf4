"""How far Meta's clock is from ours, by what its answers say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.meta.metas_clock import in_words, metas_time, skew_by

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
ZERO = timedelta()


def test_a_right_clock_is_right_though_meta_tells_whole_seconds() -> None:
    for ours in (ZERO, SECOND / 4, SECOND * 0.9):
        now = NOON + ours
        assert skew_by(NOON, after=now, before=now, known=None) == ZERO


def test_a_wrong_clock_is_known_to_the_second() -> None:
    ours = NOON + 90 * SECOND
    skew = skew_by(NOON, after=ours, before=ours + SECOND / 10, known=None)
    assert abs(skew + 90 * SECOND) <= SECOND


def test_an_answer_that_was_long_under_way_says_nothing_new() -> None:
    before = NOON + 75 * SECOND  # the process stood still meanwhile
    assert skew_by(NOON + SECOND, after=NOON, before=before, known=ZERO) == ZERO


def test_what_was_known_counts_as_long_as_it_can_be_so() -> None:
    known = 90 * SECOND
    assert skew_by(NOON + known, after=NOON, before=NOON + SECOND / 2, known=known) == known
    assert skew_by(NOON, after=NOON, before=NOON, known=known) == SECOND


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Thu, 01 Oct 2026 12:00:00 GMT", NOON),
        ("Thu, 01 Oct 2026 14:00:00 +0200", NOON),
        ("Thu, 01 Oct 2026 12:00:00 -0000", None),  # of no time zone
        ("2026-10-01T12:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_an_answers_date_is_metas_time_where_it_can_be_read(
    date: str | None, told: datetime | None
) -> None:
    assert metas_time(date) == told


@pytest.mark.parametrize(("skew", "direction"), [(90, "behind"), (-90, "ahead of")])
def test_people_read_which_way_the_machines_clock_is_wrong(skew: int, direction: str) -> None:
    assert in_words(skew * SECOND) == f"This machine's clock is 90 s {direction} Meta's."
