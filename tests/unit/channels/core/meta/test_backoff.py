"""Pauses grow to a limit and stay there, however often something fails."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from channels.core.meta.backoff import Backoff

SECOND = timedelta(seconds=1)
BACKOFF = Backoff(first=SECOND, longest=30 * SECOND)


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [BACKOFF.pause(before=number) / SECOND for number in range(7)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


@given(before=st.integers(0, 10**9))
def test_no_pause_is_longer_than_the_longest(before: int) -> None:
    hours = Backoff(first=timedelta(hours=1), longest=timedelta(days=1))
    assert hours.pause(before=before) <= timedelta(days=1)
