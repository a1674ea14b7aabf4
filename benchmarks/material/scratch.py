"""A directory that exists during a measurement."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="handover-benchmark-") as directory:
        yield Path(directory)


def sqlite(directory: Path, name: str = "handover") -> str:
    """The URL of a SQLite file in the directory."""
    return f"sqlite:///{directory / name}.db"
