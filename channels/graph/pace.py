"""How fast messages may go out to one page. Pure: `now` is an argument.

Source: Messenger Platform, Rate Limiting (Meta facts 4).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

LONGEST_QUEUE = timedelta(seconds=20)  # how far ahead places may be taken

# Meta counts messages as they arrive, and on the way some catch up with earlier ones.
JITTER = timedelta(milliseconds=100)

_SECOND = timedelta(seconds=1)
_STRETCHES = 4  # parts of a second, with a share of the messages each: else all go out at its start
_SLOW_TYPES = ("audio", "video")


class Pace:
    """Gives each message its place in time: at most `a_second` in any second plus JITTER.

    Places are given in the order in which they are asked for, so no thread overtakes another.
    Workers that serve the same page share the pace (`share_among`).
    """

    def __init__(self, a_second: int) -> None:
        self._a_second = a_second
        self._taken: deque[datetime] = deque(maxlen=a_second)
        self.share_among(1)

    def share_among(self, workers: int) -> None:
        """Keep to one of this many equal parts, even if that is less than one message a second."""
        most = max(1, self._a_second // workers)
        window = max(_SECOND, _SECOND * workers / self._a_second) + JITTER
        self._limits = ((most, window), (-(-most // _STRETCHES), window / _STRETCHES))

    def wait(self, now: datetime) -> timedelta:
        """How long the next message has to wait for its place."""
        self._forget_if_set_back(now)
        return self._next_place(now) - now

    def take(self, now: datetime) -> timedelta:
        """Take the next place; returns how long to wait for it.

        If that is longer than LONGEST_QUEUE, no place is taken.
        """
        self._forget_if_set_back(now)
        place = self._next_place(now)
        self._taken.append(place)
        return place - now

    def take_spare(self, now: datetime) -> bool:
        """Take a place at once for something optional; False if half of the places are taken."""
        most, window = self._limits[-1]
        half = most // 2 + 1
        is_busy = len(self._taken) >= half and self._taken[-half] + window > now
        if is_busy or self.wait(now):
            return False
        self.take(now)
        return True

    def _next_place(self, now: datetime) -> datetime:
        if not self._taken:
            return now
        place = max(now, self._taken[-1])
        for most, window in self._limits:
            if len(self._taken) >= most:
                place = max(place, self._taken[-most] + window)
        return place

    def _forget_if_set_back(self, now: datetime) -> None:
        """Otherwise all would wait until a clock that was set back shows its old time again."""
        if self._taken and self._taken[-1] > now + LONGEST_QUEUE:
            self._taken.clear()


def is_slow(message: Mapping[str, Any]) -> bool:
    """Whether a Send API `message` carries audio or video, which have a pace of their own.

    A response may hold anything as its attachment; what isn't an attachment is not slow.
    """
    attachments = [message.get("attachment"), *_listed(message.get("attachments"))]
    return any(_is_slow(one) for one in attachments if isinstance(one, Mapping))


def _is_slow(attachment: Mapping[str, Any]) -> bool:
    payload = attachment.get("payload")
    elements = _listed(payload.get("elements")) if isinstance(payload, Mapping) else []
    kinds = [one.get("media_type") for one in elements if isinstance(one, Mapping)]
    return any(kind in _SLOW_TYPES for kind in (attachment.get("type"), *kinds))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
