"""`python -m demo.rasa_ahead run …`: Rasa, with its channel's clock as far ahead as the emulator's.

The chat page moves the emulator's clock. Unless the channel's moves, too, its timeouts would not
pass with it. It moves only here: the channel itself has no such setting.
"""

from __future__ import annotations

import importlib
import json
import os
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.request import urlopen

from .quick_skops import import_skops

EMULATOR_URL = "DEMO_EMULATOR_URL"
_LONG_POLL = timedelta(seconds=25)
_RETRY_AFTER = timedelta(seconds=1)


class AheadClock:
    """Real time, moved ahead as far as the emulator's clock, according to its log."""

    def __init__(self, emulator_url: str) -> None:
        self._log = f"{emulator_url}/_emulator/log?kind=clock"
        self._ahead = timedelta()
        self._position = 0

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self._ahead

    def follow(self) -> None:
        """Follow the emulator's clock for as long as this process runs."""
        while True:
            if not self._is_read():
                time.sleep(_RETRY_AFTER.total_seconds())

    def _is_read(self) -> bool:
        wait_ms = int(_LONG_POLL / timedelta(milliseconds=1))
        query = f"&after={self._position}&wait_ms={wait_ms}"
        try:
            with urlopen(self._log + query) as answer:  # noqa: S310 (a URL of the demo's own)
                self.take(json.load(answer))
        except OSError:  # the emulator stops before Rasa does
            return False
        return True

    def take(self, log: dict[str, Any]) -> None:
        """Set the time from the emulator's log."""
        if log["last"] < self._position:  # it was reset, and so was its clock
            self._position, self._ahead = 0, timedelta()
        for move in log["entries"]:
            self._position = move["n"]
            self._ahead = timedelta(seconds=move["ahead_seconds"])


def main() -> None:
    """Run Rasa's own command line."""
    import_skops()  # before another thread can import, too
    clock = AheadClock(os.environ[EMULATOR_URL])
    threading.Thread(target=clock.follow, daemon=True).start()
    # By name, as Rasa itself loads the channel: the demo knows the project only by its files.
    importlib.import_module("channels.instruments.clock").SystemClock.now = lambda _: clock.now()
    importlib.import_module("rasa.__main__").main()


if __name__ == "__main__":
    main()
