"""A file that one process at a time can hold; the kernel lets go of it when that process dies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def hold(path: Path) -> IO[bytes]:
    """Hold the file at `path` until what is returned is closed; it is created if missing.

    Raises BlockingIOError if it is held already, by whatever process, and another OSError if
    it can't be created. It is never deleted: another process may be about to lock it.
    """
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        raise
    return file
