"""Other apps that write to many people at once, such as newsletters. Pure: echoes carry times."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import NamedTuple

from ..events import Echo

PERIOD = timedelta(minutes=1)
MANY = 10  # people in that time: more than one desk's operators would begin to write to
MOST_KEPT = 20  # broadcasts of one app


class _Broadcast(NamedTuple):
    """The times of the first and the last echo, as far as they are known."""

    began: datetime
    ended: datetime


_Sender = tuple[str, str | None]


class Broadcasts:
    """Whom each page's apps have written to recently, as far as this worker has heard."""

    def __init__(self) -> None:
        self._written: defaultdict[_Sender, dict[str, datetime]] = defaultdict(dict)
        self._known: defaultdict[_Sender, deque[_Broadcast]] = defaultdict(
            lambda: deque(maxlen=MOST_KEPT)
        )

    def note(self, echo: Echo) -> None:
        """An app has written to somebody."""
        sender = (echo.thread.page, echo.app_id)
        written = self._written[sender]
        written.pop(echo.thread.user, None)
        written[echo.thread.user] = echo.at
        for user in [user for user, at in written.items() if echo.at - at > PERIOD]:
            del written[user]
        if len(written) >= MANY:
            self._keep(sender, _Broadcast(min(written.values()), max(written.values())))

    def leave_out(self, echo: Echo) -> None:
        """It was written in a talk, and a busy desk has many of those."""
        self._written[(echo.thread.page, echo.app_id)].pop(echo.thread.user, None)

    def include(self, page: str, app_id: str | None, at: datetime) -> bool:
        """Whether what the app wrote then, by Meta's clock, is one of many messages in a minute.

        For the first few, that is not known until there are more.
        """
        known = self._known.get((page, app_id), ())
        return any(one.began <= at <= one.ended for one in known)

    def _keep(self, sender: _Sender, broadcast: _Broadcast) -> None:
        known = self._known[sender]
        if known and broadcast.began <= known[-1].ended:
            broadcast = _Broadcast(known.pop().began, broadcast.ended)
        known.append(broadcast)
