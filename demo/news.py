"""The warnings of the demo's processes, shown in the terminal as they are logged."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

LOOK_INTERVAL = timedelta(milliseconds=300)

_NEWS = re.compile(r" (WARNING|ERROR|CRITICAL) +")
_CONTINUED = re.compile(r"^(?!\d{4}-\d\d-\d\d)")  # the lines below it, such as a traceback
_NO_NEWS = ("DeprecationWarning", "The model is trained using", "Please disable")


class News:
    """The lines of a log that are warnings or errors, with the lines that belong to them."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._is_news = False

    def lines(self) -> list[str]:
        """What has come since the last look."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as file:
            file.seek(self._read)
            found = file.read()
        whole = found[: found.rfind(b"\n") + 1]
        self._read += len(whole)
        lines = whole.decode(errors="replace").splitlines()
        return [line for line in lines if self._tells(line)]

    def _tells(self, line: str) -> bool:
        if not _CONTINUED.match(line):
            self._is_news = bool(_NEWS.search(line)) and not any(it in line for it in _NO_NEWS)
        return self._is_news


async def tell_news(logs: dict[str, Path], tell: Callable[[str], None]) -> None:
    """Tell the news in each log, with the name of its process, until cancelled."""
    news = {name: News(log) for name, log in logs.items()}
    while True:
        for name, one in news.items():
            for line in one.lines():
                tell(f"[{name}] {line}")
        await asyncio.sleep(LOOK_INTERVAL.total_seconds())
