"""What all next versions of a session have in common. Pure."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ...meta.backoff import Backoff
from ...plans import Plan
from ..session import Session, deadline, unanswered_at

BACKOFF = Backoff(first=timedelta(seconds=1), longest=timedelta(minutes=5))


def first_probe(session_id: str, plan: Plan, now: datetime) -> datetime:
    """Between half an interval and one and a half from now, so that probes are spread out."""
    spread = zlib.crc32(session_id.encode()) / 2**32
    return now + plan.owner_probe * (0.5 + spread)


def watched(session: Session, **changes: Any) -> Session:
    """The next version of an active session, due at the earliest of the times it waits for."""
    changed = next_version(session, **changes)
    ends_at = deadline(changed)
    asked = (ends_at and ends_at[0], changed.probe_at, unanswered_at(changed))
    dates = [date for date in asked if date is not None]
    if not changed.is_announced:
        dates.append(changed.opened_at)
    return msgspec.structs.replace(changed, due_at=min(dates, default=None))


def begun(session: Session, worker: str) -> Session:
    """The worker begins the step that is due, which may end its process."""
    others = [name for name in session.begun_by if name != worker]
    return next_version(session, begun_by=(*others, worker))


def given_up(session: Session, worker: str) -> Session:
    """The worker leaves the step to another one, so it has not died of it."""
    return next_version(
        session, begun_by=tuple(name for name in session.begun_by if name != worker)
    )


def next_version(session: Session, **changes: Any) -> Session:
    """The next version, which shows that the workers that began a step are alive."""
    changes = {"begun_by": (), **changes}
    return msgspec.structs.replace(session, version=session.version + 1, **changes)
