"""Which of an app's messages are one of many, by the times at which it has written to whom."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.events import Array, Echo, Thread
from channels.core.meta.broadcasts import MOST_KEPT, Broadcasts

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
MANY, PERIOD = 10, 60 * SECOND


def told(
    people: int, *, apart: timedelta = SECOND, begins: datetime = NOON, users: str = "{}"
) -> Broadcasts:
    """What is known once an app has written to so many people, one after the other."""
    broadcasts = Broadcasts()
    write(broadcasts, people, apart=apart, begins=begins, users=users)
    return broadcasts


def write(
    broadcasts: Broadcasts, people: int, *, apart: timedelta, begins: datetime, users: str = "{}"
) -> None:
    for number in range(people):
        at = begins + number * apart
        broadcasts.note(
            Echo(
                key=f"echo {at}",
                thread=Thread(page="1", user=users.format(number)),
                array=Array.STANDBY,
                at=at,
                received_at=at,
                app_id="7",
            )
        )


@pytest.mark.parametrize("number", [0, MANY - 1])
def test_what_an_app_writes_to_many_within_a_minute_is_one_of_many(number: int) -> None:
    assert told(MANY).include("1", "7", NOON + number * SECOND)


@pytest.mark.parametrize("moment", [NOON - SECOND, NOON + MANY * SECOND])
def test_what_it_writes_before_and_after_is_not(moment: datetime) -> None:
    assert not told(MANY).include("1", "7", moment)


@pytest.mark.parametrize(("page", "app"), [("2", "7"), ("1", "8"), ("1", None)])
def test_nor_is_what_others_write(page: str, app: str | None) -> None:
    assert not told(MANY).include(page, app, NOON)


def test_a_few_people_are_not_many() -> None:
    assert not told(MANY - 1).include("1", "7", NOON)


def test_one_person_is_not_many_however_often_it_writes_to_them() -> None:
    assert not told(5 * MANY, users="2").include("1", "7", NOON)


def test_many_people_in_more_than_a_minute_are_not_many() -> None:
    apart = PERIOD // (MANY - 1)
    assert told(MANY, apart=apart).include("1", "7", NOON)
    assert not told(MANY, apart=apart + SECOND / 10).include("1", "7", NOON)


def test_a_long_broadcast_is_one_from_its_beginning_to_its_end() -> None:
    people = MANY + 2 * MOST_KEPT
    broadcasts = told(people)
    assert broadcasts.include("1", "7", NOON)
    assert broadcasts.include("1", "7", NOON + (people - 1) * SECOND)


def test_between_two_broadcasts_an_operator_may_write() -> None:
    broadcasts = told(MANY)
    write(broadcasts, MANY, apart=SECOND, begins=NOON + 2 * PERIOD)
    assert broadcasts.include("1", "7", NOON)
    assert not broadcasts.include("1", "7", NOON + PERIOD)
    assert broadcasts.include("1", "7", NOON + 2 * PERIOD)
