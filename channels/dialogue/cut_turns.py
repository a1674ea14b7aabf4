"""What turns that were cut short have sent, so that they say nothing twice when taken again."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from ..core.errors import StoreError
from ..core.events import Thread
from ..instruments.clock import Clock
from ..store.protocol import Store
from .assistant import Turn

logger = logging.getLogger(__name__)

_STORE_PAUSE = timedelta(seconds=1)
_MOST_HERE = 1000  # turns that are remembered without the store


class CutTurns:
    """Remembers them in this process, and in the store for the next start."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._here: dict[str, Delivered] = {}

    async def delivered(self, turn: Turn, thread: Thread) -> Delivered:
        """What the turn has sent before. Raises StoreError."""
        known = self._here.pop(turn.message_id, None)
        if known is None and turn.once:
            known = Delivered(await self._store.sent(thread, turn.message_id))
        return known or Delivered()

    async def remember(
        self, turn: Turn, thread: Thread, delivered: Delivered, *, waits: bool
    ) -> None:
        """The turn is cut short now; where this `waits`, it does until the store is there.

        Another worker may take the turn again as soon as the store is back, and must know.
        """
        if not delivered.sent:
            return
        self._here[turn.message_id] = delivered
        if len(self._here) > _MOST_HERE:
            self._here.pop(next(iter(self._here)))
        while True:
            now = self._clock.now()
            try:
                await self._store.keep_sent(thread, turn.message_id, delivered.sent, now)
            except StoreError as error:
                logger.warning("What a cut turn has sent is not known elsewhere yet: %s", error)
            else:
                return
            if not waits:
                return
            await self._clock.sleep(_STORE_PAUSE)


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
