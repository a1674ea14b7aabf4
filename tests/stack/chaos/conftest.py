"""A folder for a chaos stack."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import in_memory


@pytest.fixture
def directory() -> Iterator[Path]:
    # Not in pytest's own directory: under root, PostgreSQL runs as another user, and each start
    # of pytest shuts all others out of there, of those that run already too.
    with tempfile.TemporaryDirectory(
        prefix="handover-chaos-", dir=in_memory.directory()
    ) as directory:
        yield Path(directory)
