"""Opening hours: what a plan's hours say of a moment, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rasa.shared.utils.io import read_config_file

from channels.core.hours import (
    ALWAYS,
    Hours,
    is_open,
    never_opens,
    opens_at,
    parse_closed_on,
    parse_week,
)
from channels.core.plans import Plan
from tests.unit.channels.core.settings.settings_samples import settings_with

BERLIN = "Europe/Berlin"
WEEK = {"mon-fri": "09:00-12:00, 13:00-17:30", "sat": "22:00-02:00"}


def hours(
    week: Mapping[str, object] = WEEK, zone: str = BERLIN, closed_on: tuple[object, ...] = ()
) -> Hours:
    return Hours(week=parse_week(week), timezone=zone, closed_on=parse_closed_on(closed_on))


def at(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def utc(text: str) -> datetime:
    return at(text, "UTC")


@pytest.mark.parametrize(
    ("moment", "is_there"),
    [
        ("2026-08-31T08:59:59", False),  # a Monday
        ("2026-08-31T09:00", True),
        ("2026-08-31T11:59:59", True),
        ("2026-08-31T12:00", False),
        ("2026-08-31T13:00", True),
        ("2026-08-31T17:30", False),
        ("2026-09-05T09:00", False),  # a Saturday
        ("2026-09-05T22:00", True),
        ("2026-09-06T01:59:59", True),  # the same night
        ("2026-09-06T02:00", False),
        ("2026-09-06T22:00", False),
    ],
)
def test_somebody_is_there_within_the_spans_of_a_day(moment: str, is_there: bool) -> None:
    assert is_open(hours(), at(moment)) is is_there


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-08-31T08:00", "2026-08-31T09:00:00+02:00"),
        ("2026-08-31T12:30", "2026-08-31T13:00:00+02:00"),
        ("2026-08-31T13:00", "2026-09-01T09:00:00+02:00"),  # that one is not the next
        ("2026-09-04T17:30", "2026-09-05T22:00:00+02:00"),
        ("2026-09-06T02:00", "2026-09-07T09:00:00+02:00"),
        ("2026-10-24T12:00", "2026-10-24T22:00:00+02:00"),
        ("2026-10-25T12:00", "2026-10-26T09:00:00+01:00"),  # summer time ends between them
    ],
)
def test_the_next_opening_is_told_with_the_plans_offset(moment: str, opening: str) -> None:
    found = opens_at(hours(), at(moment))
    assert found is not None
    assert found.isoformat() == opening


@pytest.mark.parametrize(
    ("days", "open_days"),
    [
        ("mon", [0]),
        ("Monday", [0]),
        ("MON-fri", [0, 1, 2, 3, 4]),
        ("sat, sun", [5, 6]),
        ("fri-mon", [0, 4, 5, 6]),
        ("mon - wed, fri", [0, 1, 2, 4]),
        ("mon-sun", [0, 1, 2, 3, 4, 5, 6]),
        ("sun-sun", [6]),
        ("monday, tuesday, wednesday, thursday, friday, saturday", [0, 1, 2, 3, 4, 5]),
        ("Sunday", [6]),
    ],
)
def test_days_are_named_alone_as_a_range_or_as_a_list(days: str, open_days: list[int]) -> None:
    week = parse_week({days: "09:00-17:00"})
    assert [day for day, spans in enumerate(week) if spans] == open_days


@pytest.mark.parametrize(
    "span", ["09:00-17:30", "9:00-17:30", "09:00 - 17:30", "09:00–17:30", " 09:00-17:30 "]
)
def test_a_span_is_read_as_people_write_it(span: str) -> None:
    assert parse_week({"mon": span}) == parse_week({"mon": "09:00-17:30"})


def test_spans_may_stand_in_any_order() -> None:
    week = {"mon": "13:00-17:30, 09:00-12:00"}
    assert opens_at(hours(week), at("2026-08-31T08:00")) == at("2026-08-31T09:00")


def test_a_whole_day_may_be_open() -> None:
    assert parse_week({"mon-sun": "00:00-24:00"}) == ALWAYS


class TestTheNightOnWhichClocksGoForward:
    """Berlin, 29 March 2026: 02:00 to 03:00 is on no clock; 03:00 is 01:00 UTC."""

    def test_what_opens_within_the_hour_opens_at_its_end(self) -> None:
        assert opens_at(hours({"sun": "02:30-05:00"}), at("2026-03-29T00:00")) == utc(
            "2026-03-29T01:00"
        )

    def test_what_closes_within_the_hour_closes_as_it_is_skipped(self) -> None:
        night = hours({"sat": "22:00-02:30"})
        assert is_open(night, utc("2026-03-29T00:59:59"))
        assert not is_open(night, utc("2026-03-29T01:00"))

    def test_a_span_within_the_hour_is_left_out(self) -> None:
        found = opens_at(hours({"sun": "02:15-02:45"}), at("2026-03-28T12:00"))
        assert found == at("2026-04-05T02:15")


class TestTheNightOnWhichClocksGoBack:
    """Berlin, 25 October 2026: 02:00 to 03:00 is on the clocks twice, from 00:00 UTC on."""

    def test_what_opens_within_the_hour_opens_when_the_clock_first_shows_it(self) -> None:
        assert opens_at(hours({"sun": "02:30-05:00"}), at("2026-10-25T00:00")) == utc(
            "2026-10-25T00:30"
        )

    def test_what_closes_within_the_hour_closes_when_the_clock_first_shows_it(self) -> None:
        night = hours({"sat": "22:00-02:30"})
        assert is_open(night, utc("2026-10-25T00:29:59"))
        assert not is_open(night, utc("2026-10-25T00:30"))
        assert not is_open(night, utc("2026-10-25T01:15"))  # 02:15 once more

    def test_what_is_open_all_night_is_an_hour_longer(self) -> None:
        night = hours({"sat": "22:00-06:00"})
        assert is_open(night, utc("2026-10-25T04:59:59"))
        assert not is_open(night, utc("2026-10-25T05:00"))


def test_nobody_is_there_on_public_holidays_of_the_region_alone() -> None:
    womens_day = at("2027-03-08T10:00")  # a Monday, and a holiday in Berlin
    assert not is_open(hours(closed_on=("DE-BE",)), womens_day)
    assert is_open(hours(closed_on=("DE-BY",)), womens_day)
    assert not is_open(hours(closed_on=("DE",)), at("2026-12-25T10:00"))


def test_a_day_off_takes_the_night_that_begins_on_it() -> None:
    closed = hours(closed_on=("2026-09-05",))
    assert not is_open(closed, at("2026-09-05T23:00"))
    assert not is_open(closed, at("2026-09-06T01:00"))
    kept = hours(closed_on=("2026-09-06",))
    assert is_open(kept, at("2026-09-06T01:00"))


def test_holidays_in_a_row_are_gone_past() -> None:
    closed = hours({"mon-fri": "09:00-17:30"}, closed_on=("DE-BE", "2026-12-24", "2026-12-31"))
    opening = opens_at(closed, at("2026-12-23T18:00"))
    assert opening == at("2026-12-28T09:00")
    assert opens_at(closed, at("2026-12-30T18:00")) == at("2027-01-04T09:00")


def test_a_region_may_be_written_in_small_letters_or_by_its_name() -> None:
    assert parse_closed_on(["de", "de-be", "GB-sct", "NZ-South Canterbury"]) == (
        *("DE", "DE-BE", "GB-SCT", "NZ-South Canterbury"),
    )


def test_a_plan_without_hours_is_always_open() -> None:
    plan = Plan(name="default")
    assert plan.is_open(at("2026-12-25T03:00"))
    assert plan.opens_at(at("2026-12-25T03:00")) is None


def test_an_open_plan_names_no_opening() -> None:
    plan = Plan(name="default", hours=hours())
    assert plan.opens_at(at("2026-08-31T09:00")) is None
    assert plan.opens_at(at("2026-08-31T08:00")) == at("2026-08-31T09:00")


def test_days_off_without_hours_close_whole_days() -> None:
    keys = {"timezone": BERLIN, "closed-on": "2026-12-24"}
    plan = settings_with({"plans": {"default": keys}}).plans["default"]
    assert not plan.is_open(at("2026-12-24T10:00"))
    assert plan.is_open(at("2026-12-25T00:00"))


def test_days_off_that_leave_no_day_are_noticed() -> None:
    sundays = hours({"sun": "10:00-12:00"}, closed_on=("DE", "2026-12-27"))
    assert not never_opens(sundays)
    assert never_opens(Hours(week=((),) * 7, timezone=BERLIN))


CREDENTIALS = """
hours:
  mon-thu: 09:00-12:00, 13:00-17:30
  fri:
    - 09:00-12:00
    - 13:00-15:00
  sat: 22:00-02:00
  sun: ["10:00-12:00", "13:00-14:00"]
timezone: Europe/Berlin
closed-on: [DE-BE, 2026-12-24, NO, "2026-12-31"]
when-closed: wait
"""


def test_rasas_yaml_reader_leaves_hours_and_dates_as_they_are_meant(tmp_path: Path) -> None:
    file = tmp_path / "credentials.yml"
    file.write_text(CREDENTIALS)
    section: dict[str, Any] = read_config_file(file)
    plan = settings_with({"plans": {"default": section}}).plans["default"]
    assert plan.hours == hours(
        {
            "mon-thu": "09:00-12:00, 13:00-17:30",
            "fri": "09:00-12:00, 13:00-15:00",
            "sat": "22:00-02:00",
            "sun": "10:00-12:00, 13:00-14:00",
        },
        closed_on=("DE-BE", "2026-12-24", "NO", "2026-12-31"),
    )
