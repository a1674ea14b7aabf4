"""Opening hours beside a clock on the wall that is looked at every minute."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from channels.core.hours import Hours, Span, Week, changes_at, is_open, opens_at
from channels.core.plans import Plan

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ZONES_AND_CHANGES = [  # with a night, or day, on which their clocks change
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-11-01"),
    ("America/St_Johns", "2010-03-14"),  # one minute past midnight
    ("America/St_Johns", "2010-11-07"),
    ("America/Asuncion", "2023-03-26"),  # at midnight
    ("America/Santiago", "2026-09-06"),
    ("Australia/Lord_Howe", "2026-04-05"),  # half an hour
    ("Antarctica/Troll", "2026-03-29"),  # two hours
    ("Africa/Casablanca", "2026-02-15"),
    ("Asia/Kathmandu", "2026-06-01"),
    ("Pacific/Apia", "2011-12-30"),  # a day that was left out
]

spans = st.builds(
    lambda opens, length: Span(opens, opens + length), st.integers(0, 1439), st.integers(1, 1440)
)
days = st.lists(spans, max_size=2).map(
    lambda some: tuple(sorted(some, key=lambda span: span.opens))
)
weeks: st.SearchStrategy[Week] = st.tuples(days, days, days, days, days, days, days)


def wall_clock(zone: ZoneInfo, first: datetime, minutes: int) -> list[tuple[datetime, datetime]]:
    """Each minute in UTC, and what the clock on the wall shows then."""
    moments = (first + number * MINUTE for number in range(minutes))
    return [(moment, moment.astimezone(zone).replace(tzinfo=None, fold=0)) for moment in moments]


def first_shown(clock: list[tuple[datetime, datetime]], wanted: datetime) -> datetime | None:
    return next((moment for moment, shown in clock if shown >= wanted), None)


@settings(max_examples=40, deadline=None)
@given(weeks, st.sampled_from(ZONES_AND_CHANGES), st.integers(-1440, 2880))
def test_hours_are_those_of_a_clock_on_the_wall(
    week: Week, zone_and_change: tuple[str, str], offset: int
) -> None:
    name, change = zone_and_change
    hours, zone = Hours(week=week, timezone=name), ZoneInfo(name)
    midnight = datetime.fromisoformat(change).replace(tzinfo=timezone.utc)
    now = midnight + offset * MINUTE
    clock = wall_clock(zone, now - 3 * DAY, 7 * 1440)
    first_day = clock[0][1].date() + DAY
    intervals = []
    for day in (first_day + number * DAY for number in range(5)):
        for span in week[day.weekday()]:
            base = datetime.combine(day, time())
            begins = first_shown(clock, base + span.opens * MINUTE)
            ends = first_shown(clock, base + span.closes * MINUTE)
            if begins and ends and begins < ends:
                intervals.append((begins, ends))
    assert is_open(hours, now) == any(begins <= now < ends for begins, ends in intervals)
    coming = [begins for begins, _ in intervals if now < begins < now + DAY]
    if coming:
        assert opens_at(hours, now) == min(coming)


@given(weeks, st.sampled_from(ZONES_AND_CHANGES), st.integers(0, 8 * 1440))
def test_the_next_opening_is_open_and_nothing_is_before_the_next_change(
    week: Week, zone_and_change: tuple[str, str], offset: int
) -> None:
    name, change = zone_and_change
    hours = Hours(week=week, timezone=name)
    now = datetime.fromisoformat(change).replace(tzinfo=timezone.utc) - 4 * DAY + offset * MINUTE
    opening, until = opens_at(hours, now), changes_at(hours, now)
    assume(opening is not None and until is not None)
    assert opening is not None
    assert until is not None
    assert opening > now
    assert is_open(hours, opening)
    assert until > now
    halfway = now + (until - now) / 2
    assert is_open(hours, halfway) == is_open(hours, now)


@given(weeks, st.sampled_from(ZONES_AND_CHANGES))
def test_a_plan_keeps_its_hours_in_a_stored_session(
    week: Week, zone_and_change: tuple[str, str]
) -> None:
    hours = Hours(week=week, timezone=zone_and_change[0], closed_on=("DE-BE", "2026-12-24"))
    plan = Plan(name="default", hours=hours)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
