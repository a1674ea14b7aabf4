from __future__ import annotations

from datetime import datetime, timedelta, timezone


class EmulatorClock:
    """Real UTC plus an offset that tests move forward.

    Control of a thread and the messaging window last for hours and days; a test moves this clock
    instead of waiting. Webhook retries and long polls run in real time, not on this clock.
    """

    def __init__(self) -> None:
        self._offset = timedelta(0)

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the real one."""
        return self._offset

    def now(self) -> datetime:
        """The emulator's time, aware and in UTC."""
        return datetime.now(timezone.utc) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move forward by `by`, which is not negative."""
        self._offset += by

    def reset(self) -> None:
        """Show real time again."""
        self._offset = timedelta(0)
