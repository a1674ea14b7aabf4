"""What the parts of the store in SQL share: its writers, and what its worker has claimed."""

from __future__ import annotations

from typing import NoReturn, cast

from ..core.errors import StoreUnavailable
from .claims.outages import Outages
from .database.writer import Writer
from .own_claims import OwnClaims


class Operations:
    """Operations on some of the tables, for one worker.

    What gives the worker recorded events, `record` and `claim_inbox`, goes by `_inbox_writer`, one
    after the other, so that the events of a thread come in their order. On PostgreSQL it has a
    connection of its own: Meta gets its answer without waiting for what else is stored.
    """

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self._own_claims = OwnClaims(worker)
        self._outages = Outages()
        self._writer = self._inbox_writer = cast(Writer, _Unopened())


class _Unopened:
    """The writer of a store that is not open."""

    def run(self, *_: object, **__: object) -> NoReturn:
        raise StoreUnavailable("The session store is not open; open() has to come first.")

    run_together = run
