"""When a Graph call is tried again. Pure: `now` is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..core.errors import GraphError, GraphThrottled, GraphTimeout, GraphUnavailable
from ..core.meta.backoff import Backoff

MOST_TRIES = 3
LONGEST_CALL = timedelta(seconds=30)  # all tries of one call and the pauses between them
LONGEST_THROTTLE = timedelta(seconds=5)  # the caller has to wait out a longer rate limit

_BACKOFF = Backoff(first=timedelta(seconds=0.5), longest=LONGEST_CALL)
_SHORTEST_TRY = timedelta(seconds=1)  # with less time left, another try is not worth it


def may_have_worked(error: GraphError) -> bool:
    """Whether the call may have been carried out although there is no usable answer."""
    return isinstance(error, GraphUnavailable) and not error.never_sent


class Tries:
    """The tries of one call: how many are left, and how long to pause before the next.

    `repeats_lost`: it is tried again even after a lost answer.
    """

    def __init__(self, *, started_at: datetime, repeats_lost: bool = True) -> None:
        self.started_at = started_at
        self._repeats_lost = repeats_lost
        self.failures = 0
        self.in_doubt = False
        """A try got no usable answer, so the call may have been carried out nonetheless."""

    def failed(self, error: GraphError) -> None:
        """Count one more try."""
        self.failures += 1
        self.in_doubt = self.in_doubt or may_have_worked(error)

    def time_left(self, now: datetime) -> timedelta:
        """For the next try; never less than the shortest one."""
        return max(self.started_at + LONGEST_CALL - now, _SHORTEST_TRY)

    def pause_after(self, error: GraphError, now: datetime) -> timedelta | None:
        """How long to wait after the error before the next try; None if there is none."""
        pause = error.retry_after
        if isinstance(error, GraphThrottled):
            worth_it = True
        else:
            pause = max(pause, _BACKOFF.pause(before=self.failures - 1))
            is_lost = isinstance(error, GraphTimeout)
            worth_it = isinstance(error, GraphUnavailable) and (self._repeats_lost or not is_lost)
        worth_it = worth_it and pause <= LONGEST_THROTTLE
        in_time = now + pause + _SHORTEST_TRY <= self.started_at + LONGEST_CALL
        return pause if worth_it and in_time and self.failures < MOST_TRIES else None
