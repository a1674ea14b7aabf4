"""Handovers of all kinds, stored before the channel starts, for the operators' page to show."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
from sqlalchemy.engine import Connection

from channels.core.events import Platform, Thread
from channels.core.plans import INBOX_APP_IDS, Plan
from channels.core.sessions.feedback import Feedback
from channels.core.sessions.session import Cause, EndReason, Session, State
from channels.core.sessions.transitions import ended, ending, opening
from channels.store.database.schema import insert_new, sessions
from channels.store.sessions.sessions import row_of
from channels.store.sql import SqlStore
from emulator import default_config

PAGE = default_config().page.id
AGENT = default_config().apps[1]
ACCOUNT = default_config().instagram
MINUTE = timedelta(minutes=1)
PAST_ONES = 10_000  # the number of the first user whose handover is over
PLANS = (
    Plan(name="default", timeout=timedelta(hours=2)),
    Plan(name="sales", target_app=AGENT.id, timeout=timedelta(hours=4)),
    Plan(name="complaints", timeout=timedelta(hours=1), idle_timeout=timedelta(minutes=20)),
)
NAMES = (
    *("Grace Hopper", "Ada Lovelace", "Łukasz Świątek", "李小龙", "محمد عبد الله", "Zoë Müller"),
    *(
        "Bartholomew Featherstonehaugh-Cholmondeley of the Third House",
        "José Núñez",
        "Nguyễn Văn A",
    ),
    *("<img src=x onerror=alert(1)>", "\u202egnp.exe", "=HYPERLINK(1)", "Anna", "Ben", "👩‍💻 Cara"),
)


def user(number: int) -> str:
    return f"248701654326{number:05d}"


def name(number: int) -> str:
    return NAMES[number % len(NAMES)]


async def store_handovers(directory: Path, *, open_ones: int, past: int = 0) -> None:
    """Write them where `operator_stage` finds them."""
    now = datetime.now(timezone.utc)
    store = SqlStore(f"sqlite:///{directory / 'handover.db'}", worker="before")
    await store.open()
    rows = [
        row_of(session, None)
        for session in (
            *(open_one(number, now) for number in range(open_ones)),
            *(past_one(number, now) for number in range(past)),
        )
    ]

    def write(connection: Connection) -> None:
        connection.execute(insert_new(sessions), rows)

    await store._writer.run(write)
    await store.close()


def open_one(number: int, now: datetime) -> Session:
    """Of six: three without an answer, two with one, and one that waits for the hours."""
    kind, plan = number % 6, PLANS[number % 3]
    opened_at = now - timedelta(seconds=37 * (number % 60) + 5)
    began = _begun(number, plan, opened_at)
    if kind == 5:
        return msgspec.structs.replace(
            began, state=State.WAITING, waiting_since=opened_at, due_at=now + timedelta(hours=9)
        )
    answered_at = opened_at + (now - opened_at) / 3
    is_answered = kind in (1, 3)
    wrote_at = opened_at if kind != 3 else opened_at + (now - opened_at) / 2
    return msgspec.structs.replace(
        began,
        state=State.ACTIVE,
        active_at=opened_at,
        owner_app=plan.target_app_id(began.thread.platform),
        has_bot_failed=number % 10 == 4,
        first_answer_at=answered_at if is_answered else None,
        last_operator_at=answered_at if is_answered else None,
        operator_messages=2 if is_answered else 0,
        last_user_at=wrote_at,
        user_messages=1,
        due_at=None,
    )


def past_one(number: int, now: datetime) -> Session:
    opened_at = now - timedelta(minutes=11 * number + 70)
    plan, reasons = PLANS[number % 3], list(EndReason)
    began = _begun(PAST_ONES + number, plan, opened_at)
    is_answered = number % 4 > 0
    active = msgspec.structs.replace(
        began,
        state=State.ACTIVE,
        active_at=opened_at,
        owner_app=INBOX_APP_IDS[Platform.MESSENGER],
        first_answer_at=opened_at + timedelta(seconds=20 * (number % 40)) if is_answered else None,
        operator_messages=3 if is_answered else 0,
    )
    reason = reasons[number % 7] if number % 3 else EndReason.AGENT_RETURNED
    over = ended(ending(active, reason, opened_at + 30 * MINUTE))
    scores: tuple[int | str | None, ...] = (5, None, 4, None, "good", 1, None, 3)
    score = scores[number % len(scores)]
    if score is None:
        return over
    comment = "It took rather long. <b>Bold</b>" if score == 1 else None
    given = Feedback(score=score, comment=comment, at=now)
    return msgspec.structs.replace(over, feedback=given)


def _begun(number: int, plan: Plan, at: datetime) -> Session:
    thread = Thread(page=PAGE, user=user(number))
    cause = Cause(at=at, key=f"handover {number}")
    began = opening(thread=thread, plan=plan, cause=cause, now=at)
    return msgspec.structs.replace(began, due_at=None)
