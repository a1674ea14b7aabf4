"""Meta's clock beside ours. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

MOST_SKEW = timedelta(seconds=30)
"""Of our clock against Meta's. The messaging window and the order of events compare the two; Meta
gives its time in whole seconds.
"""


def metas_time(date: str | None) -> datetime | None:
    """What the `Date` of an answer says; None if it can't be read."""
    try:
        told = parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        return None
    return None if told.tzinfo is None else told.astimezone(timezone.utc)


def in_words(skew: timedelta) -> str:
    """How far this machine's clock is from Meta's; `skew` is Meta's minus ours."""
    direction = "behind" if skew > timedelta() else "ahead of"
    return f"This machine's clock is {round(abs(skew).total_seconds())} s {direction} Meta's."
