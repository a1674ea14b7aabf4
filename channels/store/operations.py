"""What the parts of the SQL store share: its writers, and its worker's claims."""

from __future__ import annotations

from typing import NoReturn, cast

from ..core.errors import StoreUnavailable
from .claims.outages import Outages
from .database.writer import Writer
from .own_claims import OwnClaims


class Operations:
    """Operations on some of the tables, for one worker.

    `record` and `claim_inbox`, which give the worker events, both use `_inbox_writer`, so that they
    run one after the other and a thread's events come in order. On PostgreSQL it has a connection
    of its own: Meta gets its answer without waiting for anything else that is being stored.
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
