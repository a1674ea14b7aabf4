"""When anybody is there, found by watching the clock on the wall minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

HOURS = {"mon-fri": ["09:00-12:00", "13:00-17:30"], "sat": "22:00-02:30"}
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Chatham")
BEGINNINGS = (  # a Thursday, and evenings before the clocks of Berlin change
    datetime(2026, 10, 1, 12, tzinfo=timezone.utc),
    datetime(2026, 10, 24, 19, 30, tzinfo=timezone.utc),
    datetime(2026, 3, 28, 20, 30, tzinfo=timezone.utc),
)

_ON_WEEKDAYS = ((9 * 60, 12 * 60), (13 * 60, 17 * 60 + 30))
_ON_SATURDAYS = ((22 * 60, 26 * 60 + 30),)
_WEEK = (*((_ON_WEEKDAYS,) * 5), _ON_SATURDAYS, ())

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_EAST = timedelta(hours=15)  # no zone is further ahead


def is_anybody_there(zone: str, now: datetime) -> bool:
    """Whether it is within HOURS in that zone."""
    return any(begins <= now < ends for begins, ends in _spans(zone, now))


def _spans(zone: str, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    today = now.astimezone(ZoneInfo(zone)).date()
    for day in (today - _DAY, today):
        for opens, closes in _WEEK[day.weekday()]:
            yield _first_shown(zone, day, opens), _first_shown(zone, day, closes)


@cache
def _first_shown(zone: str, day: date, minutes: int) -> datetime:
    """The first minute at which the clocks show the time, or a later one."""
    wanted = datetime.combine(day, time()) + minutes * _MINUTE
    moment = wanted.replace(tzinfo=timezone.utc) - _EAST
    while moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wanted:
        moment += _MINUTE
    return moment
