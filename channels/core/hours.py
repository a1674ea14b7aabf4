"""Opening hours: when anybody is there. Pure.

A span of hours belongs to the day on which it begins. On nights when clocks change, it
begins and ends as soon as the clock on the wall shows its time, or a later one, for the first time.

The `parse_…` functions raise ValueError with the second half of a sentence, like those of `plans`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", re.ASCII)
_REGION = re.compile(r"([A-Za-z]{2})(?:-(.+))?", re.ASCII)
_YEARS = range(2000, 2101)  # of dates: any others are typing mistakes
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NO_PLACES = {"Factory", "localtime"}  # in the database, but different on each machine
_NO_SUMMER = {"EST": "America/New_York", "MST": "America/Denver"}  # what is probably meant
_HORIZON = 5 * 366  # how many days to search for the next opening
_HOURS_ALLOWED = (
    "write days and hours, such as mon-fri: 09:00-17:30, or mon-fri: 09:00-12:00, 13:00-17:30"
)


class WhenClosed(enum.Enum):
    """What happens to a handover that is asked for outside the hours.

    REFUSE: it ends at once. WAIT: it waits for the opening, while the bot goes on talking.
    """

    REFUSE = "refuse"
    WAIT = "wait"


class Span(msgspec.Struct, frozen=True):
    """From when to when, in minutes after midnight; `closes` exceeds 24 hours past midnight."""

    opens: int
    closes: int


Week = tuple[tuple[Span, ...], ...]  # the spans of each day, Monday first


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody is there, in an IANA time zone.

    `closed_on` has dates (2026-12-24) and regions whose public holidays count (DE, DE-BE).
    """

    week: Week
    timezone: str
    closed_on: tuple[str, ...] = ()


ALWAYS = ((Span(0, _DAY_MINUTES),),) * len(_DAYS)


def is_open(hours: Hours, now: datetime) -> bool:
    """Whether `now` is in one of the spans."""
    return any(begins <= now < ends for begins, ends in _spans(hours, _near(hours, now), days=3))


def opens_at(hours: Hours, now: datetime) -> datetime | None:
    """When the next span begins, with the zone's offset; None if not within five years."""
    return _first_beginning(hours, _near(hours, now), after=now)


def changes_at(hours: Hours, now: datetime) -> datetime | None:
    """A moment before which `is_open` does not change; None if that is years away."""
    ends = [
        ends for begins, ends in _spans(hours, _near(hours, now), days=3) if begins <= now < ends
    ]
    return max(ends) if ends else opens_at(hours, now)


def never_opens(hours: Hours) -> bool:
    """Whether nobody is ever there, whatever the date."""
    dates = [date.fromisoformat(one) for one in hours.closed_on if _is_date(one)]
    first = max(dates, default=date(2026, 1, 1))
    midnight = datetime.combine(first, time(), timezone.utc)
    return _first_beginning(hours, first, after=midnight) is None


def _near(hours: Hours, now: datetime) -> date:
    """The day before `now`: a span may have begun then."""
    return now.astimezone(_zone(hours.timezone)).date() - _DAY


def _first_beginning(hours: Hours, first: date, *, after: datetime) -> datetime | None:
    begins = (begins for begins, _ in _spans(hours, first, days=_HORIZON) if begins > after)
    found = next(begins, None)
    if found is None:
        return None
    offset = found.astimezone(_zone(hours.timezone)).utcoffset()
    # A moment that a zone's clocks show twice compares equal to nothing (PEP 495); with an offset
    # instead of the zone, it does.
    return found.astimezone(timezone(offset or timedelta()))


def _spans(hours: Hours, first: date, *, days: int) -> Iterator[tuple[datetime, datetime]]:
    """The spans of this many days, in UTC, except those whose times the clocks skip that night."""
    for day in (first + number * _DAY for number in range(days)):
        spans = hours.week[day.weekday()]
        if spans and not _is_closed_on(day, hours.closed_on):
            for span in spans:
                begins, ends = _moment(hours, day, span.opens), _moment(hours, day, span.closes)
                if begins < ends:
                    yield begins, ends


def _moment(hours: Hours, day: date, minutes: int) -> datetime:
    """When the clocks of the zone first show the time, or a later one."""
    zone, wanted = _zone(hours.timezone), datetime.combine(day, time())
    wanted += timedelta(minutes=minutes)
    late = wanted.replace(tzinfo=zone).astimezone(timezone.utc)
    # If the clocks skip it, they do so between these two; otherwise `early` is not before `late`.
    early = wanted.replace(tzinfo=zone, fold=1).astimezone(timezone.utc)
    while late - early > _SECOND:
        middle = early + (late - early) // _SECOND // 2 * _SECOND
        if _shown(middle, zone) < wanted:
            early = middle
        else:
            late = middle
    return late


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _is_closed_on(day: date, closed_on: tuple[str, ...]) -> bool:
    return any(
        one == day.isoformat() if _is_date(one) else day in _holidays_of(one) for one in closed_on
    )


def _is_date(closed: str) -> bool:
    return closed[:1].isdigit()


@lru_cache(maxsize=256)
def _holidays_of(region: str) -> Any:
    """The public holidays of a region. Raises NotImplementedError for an unknown one."""
    from holidays import country_holidays  # imported late: few plans name a region

    country, _, part = region.partition("-")
    return country_holidays(country, subdiv=part or None)


def parse_week(value: object) -> Week:
    """A mapping from days (`mon`, `mon-fri`, `sat, sun`) to spans, as the spans of each day."""
    if not isinstance(value, Mapping) or not value:
        found = "is not a mapping" if value else "names no day"
        raise ValueError(f"{found}; {_HOURS_ALLOWED}.")
    week: dict[int, tuple[Span, ...]] = {}
    for days, spans in value.items():
        for day in _parse_days(days):
            if day in week:
                raise ValueError(f"names {_DAYS[day]} twice; write a day's hours on one line.")
            week[day] = _parse_spans(spans, _DAYS[day])
    return tuple(week.get(day, ()) for day in range(len(_DAYS)))


def _parse_days(value: object) -> Iterator[int]:
    for part in str(value).lower().split(","):
        first, is_range, last = (name.strip() for name in part.partition("-"))
        begins = _parse_day(first)
        ends = _parse_day(last) if is_range else begins
        for number in range((ends - begins) % len(_DAYS) + 1):
            yield (begins + number) % len(_DAYS)


def _parse_day(name: str) -> int:
    for names in (_DAYS, _LONG_DAYS):
        if name in names:
            return names.index(name)
    raise ValueError(
        f"has a day that is not one of {', '.join(_DAYS)}, nor a range such as mon-fri."
    )


def _parse_spans(value: object, day: str) -> tuple[Span, ...]:
    """`09:00-12:00, 13:00-17:30`, or a list of such texts."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(one, str) for one in listed):
        raise ValueError(f"has hours for {day} that are not a text; {_HOURS_ALLOWED}.")
    parts = [part.strip() for one in listed for part in one.split(",")]
    if not parts or parts == ["closed"]:
        raise ValueError(f"has no hours for {day}; leave out a day on which nobody is there.")
    return tuple(sorted((_parse_span(part, day) for part in parts), key=_opening))


def _opening(span: Span) -> int:
    return span.opens


def _parse_span(text: str, day: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"has hours for {day} that can't be read; {_HOURS_ALLOWED}.")
    opens, closes = _minutes(match[1], match[2]), _minutes(match[3], match[4])
    if opens is None or closes is None or opens == _DAY_MINUTES:
        raise ValueError(f"has hours for {day} that no clock shows; hours go from 00:00 to 24:00.")
    if opens == closes:
        raise ValueError(
            f"has hours for {day} that end when they begin; write 00:00-24:00 for all day."
        )
    return Span(opens, closes if opens < closes else closes + _DAY_MINUTES)


def _minutes(hour: str, minute: str) -> int | None:
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= _DAY_MINUTES else None


def parse_timezone(value: object) -> str:
    """The name of a time zone in the IANA database, such as Europe/Berlin."""
    allowed = "write an IANA name, such as Europe/Berlin, America/New_York or UTC"
    name = value.strip() if isinstance(value, str) else ""
    if name not in _known_places():
        raise ValueError(f"is not a known time zone; {allowed}.")
    if name in _NO_SUMMER:
        raise ValueError(
            f"never has daylight saving time; write a place, such as {_NO_SUMMER[name]}, or "
            "America/Panama or America/Phoenix if its clocks never change."
        )
    return name


@cache  # it reads a directory with hundreds of files
def _known_places() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_PLACES)


def parse_closed_on(value: object) -> tuple[str, ...]:
    """A list of dates, and of countries, or parts of countries, whose public holidays count."""
    listed = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_parse_closed(one) for one in listed)


def _parse_closed(value: object) -> str:
    if isinstance(value, date):  # as YAML 1.1 reads it; a datetime then is no date
        value = value.isoformat()
    text = value.strip() if isinstance(value, str) else ""
    region = _REGION.fullmatch(text)
    return _parse_region(region[1].upper(), region[2]) if region else _parse_date(text)


def _parse_date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "has something that is neither a date nor a region; write dates with their year, such "
            "as 2026-12-24, and regions such as DE or DE-BE (in quotes where YAML reads NO as no)."
        ) from None
    if day.year not in _YEARS:
        raise ValueError(f"has a date outside the years {_YEARS[0]} to {_YEARS[-1]}.")
    return day.isoformat()


def _parse_region(country: str, part: str | None) -> str:
    for region in (
        (country,) if part is None else (f"{country}-{part}", f"{country}-{part.upper()}")
    ):
        try:
            _holidays_of(region)
        except NotImplementedError:
            continue
        return region
    raise ValueError(
        "has a region whose public holidays are not known; write a country's two letters, "
        "such as DE, or a country and a part of it (ISO 3166-2), such as DE-BE."
    )
