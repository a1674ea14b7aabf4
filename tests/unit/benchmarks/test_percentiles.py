"""Percentiles: the nearest rank, so that each is a sample that was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures.percentiles import percentile

HUNDRED = [float(number) for number in range(100, 0, -1)]


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_a_percentile_is_the_sample_of_the_nearest_rank(percent: float, expected: float) -> None:
    assert percentile(HUNDRED, percent) == expected


def test_the_p99_of_few_samples_is_the_largest() -> None:
    assert percentile([3.0, 1.0, 2.0], 99) == 3


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.floats(min_value=0.001, max_value=100))
def test_at_least_so_many_samples_are_not_above_a_percentile(
    samples: list[float], percent: float
) -> None:
    not_above = sum(sample <= percentile(samples, percent) for sample in samples)
    assert not_above / len(samples) * 100 >= percent * 0.999_999
