"""Meta's clock beside ours. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

MOST_SKEW = timedelta(seconds=30)
"""Of our clock against Meta's. The messaging window and the order of events compare the two; Meta
gives its time in whole seconds.
"""


_WHOLE = timedelta(seconds=1)  # in which Meta gives its time


def metas_time(date: str | None) -> datetime | None:
    """What the `Date` of an answer says; None if it can't be read."""
    try:
        told = parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        return None
    return None if told.tzinfo is None else told.astimezone(timezone.utc)


def skew_by(
    told: datetime, *, after: datetime, before: datetime, known: timedelta | None
) -> timedelta:
    """Meta's clock minus ours, where Meta's said `told` at some moment between these two of ours.

    It is as `known`, or none, unless that can't be.
    """
    least, most = told - before, told + _WHOLE - after
    return min(max(known or timedelta(), least), most)


def in_words(skew: timedelta) -> str:
    """How far this machine's clock is from Meta's; `skew` is Meta's minus ours."""
    direction = "behind" if skew > timedelta() else "ahead of"
    return f"This machine's clock is {round(abs(skew).total_seconds())} s {direction} Meta's."
