"""What closes a page to all calls, and for how long. Pure: `now` is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..core.errors import LONGEST_LIMIT, GraphError, GraphThrottled, GraphUnavailable, TokenRefused
from ..core.meta.backoff import Backoff
from .protocol import ClosedPage, Obstacle
from .retry import LONGEST_THROTTLE

FIRST_PAUSE = timedelta(seconds=1)  # before Meta is asked again; each later one is longer
LONGEST_PAUSE = timedelta(seconds=30)
_BACKOFF = Backoff(first=FIRST_PAUSE, longest=LONGEST_PAUSE)


def concerns_all(error: GraphError) -> bool:
    """Whether Meta's answer to one call stands in the way of the page's other calls, too.

    A rate limit that is over in seconds slows only that call: it may be for a single thread.
    """
    if isinstance(error, GraphThrottled):
        return error.retry_after > LONGEST_THROTTLE
    return isinstance(error, TokenRefused)


class PageClosing:
    """Whether an error that concerns every call has closed a page, or all pages of the app.

    `page` is what the log calls it.

    A rate limit is over when its time has passed, or when Meta answers before that: after
    LONGEST_LIMIT, it is asked. A refused token and an outage are over only once Meta answers: when
    their time has passed, it is asked.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self._closed: ClosedPage | None = None
        self._error: GraphError | None = None
        self._failures = 0
        self._over_at: datetime | None = None  # by itself

    def closed_page(self, now: datetime) -> ClosedPage | None:
        """Why it is closed, and the earliest time it may open; None while it is open."""
        closed = self._closed
        is_over = self._over_at is not None and self._over_at <= now
        return None if is_over else closed

    def close(self, error: GraphError, now: datetime) -> Obstacle | None:
        """An error shows that nothing can be done now; returns the obstacle, if it is a new one.

        Of several errors, the one that keeps it closed longest counts.
        """
        before = self.closed_page(now)
        obstacle, pause = self._read(error)
        if before is not None and before.until > now + pause:
            return None
        self._error = error
        self._over_at = now + pause if obstacle is Obstacle.THROTTLED else None
        until = now + min(pause, LONGEST_LIMIT)
        self._closed = ClosedPage(page=self.page, obstacle=obstacle, until=until, reason=str(error))
        return obstacle if before is None or before.obstacle is not obstacle else None

    def open(self) -> None:
        """Meta answers as it should."""
        self._closed = self._error = self._over_at = None
        self._failures = 0

    def check(self, now: datetime) -> None:
        """Raise what has closed the page, for a call that may not go out now."""
        closed, error = self.closed_page(now), self._error
        if closed is None or error is None:
            return
        message = f"Meta is not asked before {closed.until:%H:%M:%S} UTC. {error.message}"
        raise _once_more(error, message, left=closed.until - now)

    def _read(self, error: GraphError) -> tuple[Obstacle, timedelta]:
        """Which obstacle the error shows, and for how long nothing need be tried."""
        if isinstance(error, GraphThrottled):
            return Obstacle.THROTTLED, error.lasts
        pause = max(_BACKOFF.pause(before=self._failures), error.retry_after)
        self._failures += 1
        is_refused = isinstance(error, TokenRefused)
        return Obstacle.UNAUTHORISED if is_refused else Obstacle.UNREACHABLE, pause


def _once_more(error: GraphError, message: str, *, left: timedelta) -> GraphError:
    code, subcode, remedy = error.code, error.subcode, error.remedy
    if isinstance(error, GraphThrottled):
        return GraphThrottled(message, retry_after=left, code=code, subcode=subcode, remedy=remedy)
    kind = TokenRefused if isinstance(error, TokenRefused) else GraphUnavailable
    return kind(message, code=code, subcode=subcode, remedy=remedy)
