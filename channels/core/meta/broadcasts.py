"""Other apps that write to many people at once, such as newsletters. Pure: `now` is an argument."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from ..events import Echo

PERIOD = timedelta(minutes=1)
MANY = 10  # people in that time: more than the operators of one desk begin to write to

_Sender = tuple[str, str | None]


class Broadcasts:
    """Whom each app of each page has written to lately, as far as this worker has heard."""

    def __init__(self) -> None:
        self._written: defaultdict[_Sender, dict[str, datetime]] = defaultdict(dict)

    def note(self, echo: Echo) -> None:
        """An app has written to somebody."""
        written = self._written[_sender(echo)]
        written.pop(echo.thread.user, None)
        written[echo.thread.user] = echo.received_at
        for user in [user for user, at in written.items() if echo.received_at - at > PERIOD]:
            del written[user]

    def include(self, echo: Echo) -> bool:
        """Whether it is one of many: its app has written to many people in the minute around it."""
        written = self._written.get(_sender(echo), {})
        return sum(abs(at - echo.received_at) <= PERIOD for at in written.values()) >= MANY


def _sender(echo: Echo) -> _Sender:
    return echo.thread.page, echo.app_id
