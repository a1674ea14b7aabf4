"""What operators are told, in the store in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from channels.core.notices import Addressed, NoticeEntry
from channels.core.records.kept import Backlog
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.store_rows import FIRST_MOMENT, Rows


class Untold(msgspec.Struct, kw_only=True):
    """A notice for a target; it is dead once `handled_at` is set."""

    position: int
    one: Addressed
    due_at: datetime
    claimed_until: datetime = FIRST_MOMENT
    failures: int = 0
    handled_at: datetime | None = None

    def is_behind(self, other: Untold) -> bool:
        return (
            other.position < self.position
            and other.one.target == self.one.target
            and other.one.notice.session_id == self.one.notice.session_id
        )


class NoticesInMemory:
    """The part of a worker's `Store` that is about what operators are told."""

    _rows: Rows

    async def claim_notice(self, target: str, now: datetime) -> NoticeEntry | None:
        waiting = self._waiting_notices()
        of_target = [each for each in waiting if each.one.target == target]
        if any(each.claimed_until > now for each in of_target):
            return None
        due = [
            (each.due_at, each.position, each)
            for each in of_target
            if each.due_at <= now and not any(map(each.is_behind, of_target))
        ]
        if not due:
            return None
        first = min(due, key=lambda row: row[:2])[2]
        first.claimed_until = now + CLAIM_LEASE
        return NoticeEntry(
            position=first.position, notice=first.one.notice, failures=first.failures
        )

    async def notice_told(self, position: int) -> None:
        self._rows.notices.pop(position, None)

    async def notice_failed(
        self, position: int, now: datetime, *, again_at: datetime | None
    ) -> None:
        each = self._rows.notices.get(position)
        if each is None:
            return
        each.failures += 1
        each.claimed_until = FIRST_MOMENT
        if again_at is None:
            each.handled_at = now
        else:
            each.due_at = again_at

    async def notices_backlog(self) -> Backlog:
        waiting = self._waiting_notices()
        return Backlog(
            waiting=len(waiting),
            oldest_at=min((each.one.notice.at for each in waiting), default=None),
            dead=len(self._rows.notices) - len(waiting),
        )

    def _tell(self, notices: Sequence[Addressed]) -> None:
        known = {(each.one.target, each.one.notice.id) for each in self._rows.notices.values()}
        for one in notices:
            if (one.target, one.notice.id) not in known:
                self._rows.last_notice += 1
                self._rows.notices[self._rows.last_notice] = Untold(
                    position=self._rows.last_notice, one=one, due_at=one.notice.at
                )

    def _waiting_notices(self) -> list[Untold]:
        return [each for each in self._rows.notices.values() if each.handled_at is None]
