"""Builds the tracker store that endpoints.yml names, as `rasa run` does, and asks it once.

Nothing else shows what Rasa makes of it: if Rasa finds no such class, or if the class raises
ImportError or AttributeError, it keeps conversations in memory, with only a warning in its log.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import threading
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rasa.shared.exceptions import ConnectionException
from rasa.shared.utils.common import class_from_module_path
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy.engine import make_url

from ..checks.endpoints import TrackerStoreFacts, TrackerStoreKind, type_of
from ..findings import Unknown, wrong
from .quiet import quiet

try:
    from rasa.core.tracker_stores.sql_tracker_store import SQLTrackerStore  # Rasa Pro
    from rasa.core.tracker_stores.tracker_store import InMemoryTrackerStore, TrackerStore
except ImportError:
    from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore, TrackerStore

PATIENCE = 10.0
"""Seconds for a tracker store to be built and to answer."""

_NOBODY = "rasa-handover-doctor"  # a sender id that no conversation has


def read_tracker_store(endpoints: Mapping[str, Any] | Unknown) -> TrackerStoreFacts:
    """What Rasa makes of 'tracker_store', and whether that answers within PATIENCE.

    This may create what Rasa itself creates when it starts, such as tables, but no file and no
    database.
    """
    if isinstance(endpoints, Unknown):
        unknown = Unknown(told_by=endpoints.told_by)
        return TrackerStoreFacts(kind=unknown, problem=unknown)
    name = type_of(endpoints, "tracker_store")
    if name is None:
        return _without_answer(TrackerStoreKind.NONE)
    trial = _Trial(name, endpoints["tracker_store"])
    with quiet(), redirect_stdout(io.StringIO()):
        trial.start()
        trial.join(PATIENCE)
    return trial.facts


class _Trial(threading.Thread):
    """A separate thread that need not be waited for: a database may block it forever."""

    def __init__(self, name: str, section: Mapping[str, Any]) -> None:
        super().__init__(daemon=True)
        self._type = name
        self._section = section
        self.facts = TrackerStoreFacts(kind=TrackerStoreKind.KEPT, problem="no answer in time")

    def run(self) -> None:
        try:
            self.facts = self._built()
        except ConnectionException:
            self.facts = TrackerStoreFacts(kind=TrackerStoreKind.KEPT, problem="no connection")
        except BaseException as error:  # whatever the project's own class may raise
            self.facts = _without_answer(_no_start(self._type, error))

    def _built(self) -> TrackerStoreFacts:
        section = _without_side_effects(self._section)
        store = TrackerStore.create(EndpointConfig.from_dict(dict(section)))
        while (wrapped := getattr(store, "_tracker_store", None)) is not None:
            store = wrapped  # Rasa Pro's wrapper would hide what goes wrong
        if isinstance(store, InMemoryTrackerStore):
            return _without_answer(_why_in_memory(self._type))
        return TrackerStoreFacts(kind=TrackerStoreKind.KEPT, problem=_asked(store))


def _asked(store: TrackerStore) -> str | None:
    """What goes wrong when a conversation that does not exist is read; None if nothing does."""
    try:
        asyncio.run(_read(store))
    except BaseException as error:  # Rasa exits if a schema is missing
        return type(error).__name__
    return None


async def _read(store: TrackerStore) -> None:
    found: object = store.retrieve(_NOBODY)
    if inspect.isawaitable(found):  # older stores simply return it
        await found


def _why_in_memory(name: str) -> TrackerStoreKind:
    try:
        found = class_from_module_path(name)
    except (ImportError, AttributeError):
        return TrackerStoreKind.NOT_FOUND
    chosen = isinstance(found, type) and issubclass(found, InMemoryTrackerStore)
    return TrackerStoreKind.NONE if chosen else TrackerStoreKind.NOT_BUILT


def _no_start(name: str, error: BaseException) -> Unknown:
    problem = wrong(
        f"Rasa can't start with the tracker store {name}: {type(error).__name__}.",
        "Correct it in endpoints.yml, or fix its module.",
    )
    return Unknown(told_by="tracker-store", verdict=problem)


def _without_answer(kind: TrackerStoreKind | Unknown) -> TrackerStoreFacts:
    return TrackerStoreFacts(kind=kind, problem=Unknown(told_by="tracker-store"))


def _without_side_effects(section: Mapping[str, Any]) -> Mapping[str, Any]:
    """The section without `login_db`, with which Rasa creates a missing database and retries
    forever; and in memory if its file does not exist, because a new file would belong to the person
    who runs the doctor.
    """
    if str(section.get("type", section.get("store_type"))).lower() != "sql":
        return section
    section = {key: value for key, value in section.items() if key != "login_db"}
    file = _sqlite_file(section)
    if file is None or file.exists() or not file.absolute().parent.is_dir():
        return section
    return {**section, "dialect": "sqlite", "url": None, "db": ":memory:"}


def _sqlite_file(section: Mapping[str, Any]) -> Path | None:
    names = ("dialect", "port", "db", "username", "password", "query")
    known = {name: section[name] for name in names if name in section}
    url = make_url(SQLTrackerStore.get_db_url(host=section.get("url"), **known))
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(url.database) if is_file else None
