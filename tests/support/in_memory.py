"""Where tests can keep files in memory: a database there never waits for a disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 Linux has it, but in containers it is small
_ENOUGH = 2 * 2**30  # bytes


def directory() -> str | None:
    """A directory in memory with room for everything that tests write; None if there is none."""
    if not os.access(_SHARED_MEMORY, os.W_OK):
        return None
    has_room = shutil.disk_usage(_SHARED_MEMORY).free >= _ENOUGH
    return str(_SHARED_MEMORY) if has_room else None
