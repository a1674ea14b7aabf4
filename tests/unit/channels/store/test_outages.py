"""How long the store was away, as far as one worker has noticed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import StoreUnavailable
from channels.store.claims.outages import RETURN_GRACE, Outages

NONE = timedelta()
NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)


class Passing:
    """A time that goes on when told to."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Passing:
    return Passing()


@pytest.fixture
def outages(time: Passing) -> Outages:
    return Outages(time)


def is_asked_in_vain(outages: Outages, time: Passing, *, seconds: float = 0) -> None:
    """How long it takes to see that nobody answers."""
    try:
        with outages.noticed():
            time.seconds += seconds
            raise StoreUnavailable("The database is away")
    except StoreUnavailable:
        return


def answers(outages: Outages) -> None:
    with outages.noticed():
        pass


def test_without_an_outage_a_claim_lasts_as_long_as_it_says(outages: Outages) -> None:
    answers(outages)
    assert outages.allowance() == NONE


def test_an_outage_prolongs_claims_by_its_length_until_all_can_have_renewed_them(
    outages: Outages, time: Passing
) -> None:
    is_asked_in_vain(outages, time)
    time.seconds = 70
    assert outages.allowance() == timedelta(seconds=70)
    answers(outages)
    time.seconds += RETURN_GRACE.total_seconds()
    answers(outages)
    assert outages.allowance() == timedelta(seconds=70)
    time.seconds += 1
    assert outages.allowance() == NONE


def test_it_begins_with_the_first_question_that_had_no_answer(
    outages: Outages, time: Passing
) -> None:
    is_asked_in_vain(outages, time, seconds=10)
    is_asked_in_vain(outages, time)
    assert outages.allowance() == timedelta(seconds=10)


@pytest.mark.parametrize("seconds", [90, -90])
def test_a_database_s_clock_that_was_set_prolongs_claims_by_as_much(
    outages: Outages, time: Passing, seconds: float
) -> None:
    outages.told(NOON)
    time.seconds = 20
    outages.told(NOON + timedelta(seconds=20 + seconds))
    assert outages.allowance() == timedelta(seconds=90)
    time.seconds += RETURN_GRACE.total_seconds() + 1
    outages.told(NOON + timedelta(seconds=time.seconds + seconds))
    assert outages.allowance() == NONE


def test_an_answer_that_was_slow_sets_no_clock(outages: Outages, time: Passing) -> None:
    outages.told(NOON)
    time.seconds = 24
    outages.told(NOON + timedelta(seconds=20))
    assert outages.allowance() == NONE
