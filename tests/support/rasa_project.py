"""A Rasa project on disk, as `init` finds it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

try:
    from rasa.core.tracker_stores.sql_tracker_store import SQLTrackerStore  # Rasa Pro
    from rasa.core.tracker_stores.tracker_store import InMemoryTrackerStore
except ImportError:
    from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore

__all__ = ["InMemoryTrackerStore", "SQLTrackerStore", "contents", "write_template"]


def write_template(directory: Path) -> None:
    """What `rasa init` writes."""
    rasa = importlib.util.find_spec("rasa")
    assert rasa is not None
    assert rasa.origin is not None
    template = Path(rasa.origin).parent / "cli" / "initial_project"
    shutil.copytree(template, directory, ignore=shutil.ignore_patterns("__pycache__"))


def contents(directory: Path) -> dict[str, bytes]:
    """Every file in a folder and below it, by its path there."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}
