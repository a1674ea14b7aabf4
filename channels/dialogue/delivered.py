"""What a turn has sent so far, so that the turn, taken again, does not send it twice. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


class Delivered:
    """The messages of a turn that have reached Meta.

    They are kept as fingerprints, which tell no reader what was said: `sent` are those of
    earlier tries.
    """

    def __init__(self, sent: Iterable[str] = ()) -> None:
        self._sent = list(sent)

    @property
    def sent(self) -> tuple[str, ...]:
        """The fingerprints, in the order of sending."""
        return tuple(self._sent)

    def replay(self) -> DeliveredReplay:
        """A new try of the turn begins."""
        return DeliveredReplay(self._sent)


class DeliveredReplay:
    """One try of a turn, compared with the tries before it."""

    def __init__(self, sent: list[str]) -> None:
        self._sent = sent
        self._position = 0

    def has(self, message: Mapping[str, Any]) -> bool:
        """Whether an earlier try has sent this message at this place."""
        if self._sent[self._position : self._position + 1] == [_fingerprint(message)]:
            self._position += 1
            return True
        return False

    def add(self, message: Mapping[str, Any]) -> None:
        """The message has been sent; what earlier tries sent after this place was another turn."""
        self._sent[self._position :] = [_fingerprint(message)]
        self._position += 1


def _fingerprint(message: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()
