"""A folder for a chaos stack."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.forks.told_logs import HAS_FAILED
from tests.support import in_memory


@pytest.fixture
def directory(request: pytest.FixtureRequest) -> Iterator[Path]:
    """It stays if the test has failed: what went wrong once in a hundred runs is in its logs."""
    # Not in pytest's own directory: under root, PostgreSQL runs as another user, and each start
    # of pytest shuts all others out of there, of those that run already too.
    directory = Path(tempfile.mkdtemp(prefix="handover-chaos-", dir=in_memory.directory()))
    yield directory
    if not request.node.stash.get(HAS_FAILED, False):
        shutil.rmtree(directory)
