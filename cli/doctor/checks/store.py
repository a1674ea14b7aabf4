"""The session store: whether it exists, has a version that this release knows, and suits the number
of workers. Pure.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .. import links
from ..findings import Check, Unknown, Verdict, known, ok, wrong


class StoreState(enum.Enum):
    """What was found if no version could be read: no tables yet, or a lock on the file."""

    EMPTY = "empty"
    BUSY = "busy"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreFacts:
    """`found` is the version of the tables, `latest` the one that this release makes; `workers`
    is SANIC_WORKERS.
    """

    found: int | StoreState | Unknown
    latest: int
    is_sqlite: bool
    workers: int


def _store(facts: StoreFacts) -> Verdict:
    found = known(facts.found)
    if isinstance(found, int):
        return _version(found, facts.latest)
    if found is StoreState.EMPTY:
        return ok("It can be used and is empty; `rasa run` creates its tables.")
    return ok("It is in use.")


def _version(found: int, latest: int) -> Verdict:
    if found > latest:
        return wrong(
            f"A newer release made its tables: they have version {found}, and this release "
            f"knows versions up to {latest}.",
            "Upgrade rasa-handover, or name another database under 'store'.",
        )
    if found < latest:
        return ok(f"Its tables have version {found}; `rasa run` upgrades them.")
    return ok(f"Its tables have version {found}, as they should.")


def _workers(facts: StoreFacts) -> Verdict:
    if facts.is_sqlite and facts.workers > 1:
        return wrong(
            f"SANIC_WORKERS is {facts.workers}, and SQLite serves one worker.",
            "Name a PostgreSQL database under 'store'.",
        )
    kind = "SQLite, for one worker" if facts.is_sqlite else "PostgreSQL, for any number of workers"
    return ok(f"It is {kind}.")


CHECKS = (
    Check(name="store", judge=_store, link=links.DATABASE_URLS),
    Check(name="store-workers", judge=_workers, link=links.DATABASE_URLS),
)
