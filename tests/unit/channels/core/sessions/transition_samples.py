"""Sessions in each state but the last, the moments of their course, and what a step changed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason, Session, Speaker

ADA = Thread(page="111", user="222")
INBOX, AGENT = "263902037430900", "2000"
PLAN = Plan(name="default", timeout=timedelta(minutes=30), owner_probe=timedelta(hours=1))
PROBING_PLAN = Plan(name="default", timeout=timedelta(hours=9), owner_probe=timedelta(minutes=2))
CAUSE_AT = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
CAUSE = Cause(at=CAUSE_AT, key="111/messaging/m_1")
OPENED_AT = CAUSE_AT + timedelta(seconds=1)
PASSED_AT = CAUSE_AT + timedelta(seconds=3)
NOW = CAUSE_AT + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def opening(plan: Plan = PLAN, cause: Cause = CAUSE) -> Session:
    return transitions.opening(thread=ADA, plan=plan, cause=cause, now=OPENED_AT)


def adopted(plan: Plan = PLAN, owner_app: str | None = AGENT) -> Session:
    return transitions.adopted(
        thread=ADA, plan=plan, cause=CAUSE, owner_app=owner_app, now=OPENED_AT
    )


def hears(session: Session, speaker: Speaker, at: datetime = NOW) -> Session:
    return transitions.heard(session, speaker, said_at=at, now=at)


def changes(before: Session, after: Session) -> dict[str, Any]:
    """What a step changed, its version apart."""
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return {name: new[name] for name in new if new[name] != old[name] and name != "version"}


OPENING = opening()
ACTIVE = transitions.activated(OPENING, PASSED_AT)
ENDING = transitions.ending(ACTIVE, EndReason.KEYWORD, NOW)
