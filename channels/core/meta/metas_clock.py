"""Meta's clock, compared with ours. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

MOST_SKEW = timedelta(seconds=30)
"""Of our clock against Meta's. The messaging window and the order of events compare the two; Meta
gives its time in whole seconds.
"""


_WHOLE = timedelta(seconds=1)  # the precision of the time that Meta gives


def metas_time(date: str | None) -> datetime | None:
    """The time in an answer's `Date`; None if it can't be read."""
    try:
        told = parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        return None
    return None if told.tzinfo is None else told.astimezone(timezone.utc)


def skew_by(
    told: datetime, *, after: datetime, before: datetime, known: timedelta | None
) -> timedelta:
    """Meta's clock minus ours; Meta's showed `told` some time between these two times of ours.

    Unless that rules it out, the skew stays as `known`, or, if none is known, zero.
    """
    least, most = told - before, told + _WHOLE - after
    return min(max(known or timedelta(), least), most)


def in_words(skew: timedelta) -> str:
    """How far this machine's clock is from Meta's; `skew` is Meta's minus ours."""
    direction = "behind" if skew > timedelta() else "ahead of"
    return f"This machine's clock is {round(abs(skew).total_seconds())} s {direction} Meta's."
