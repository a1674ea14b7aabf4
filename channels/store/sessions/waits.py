"""How long the users of a plan wait, in SQL: an operation for the writer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from ...core.records.kept import Scope, Waits
from ...core.sessions.session import State
from ..database.schema import is_unanswered, microseconds, moment, sessions

MOST_COUNTED = 10_000  # waiting users; more would make no difference
ANSWERS_COUNTED = 50
ANSWERS_SINCE = timedelta(days=7)
OPERATOR_SINCE = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


def waits(connection: Connection, scope: Scope, now: datetime) -> Waits:
    """How long users wait; each query reads a piece of an index, of bounded length."""
    waiting = connection.execute(_waiting(scope)).scalars().all()
    answers = connection.execute(_answers(scope, now)).all()
    operator_at_us = connection.execute(_operator(scope, now)).scalar()
    return Waits(
        waiting=sum(state != State.ENDING.value for state in waiting),
        for_hours=sum(state == State.WAITING.value for state in waiting),
        first_answers=[(answered - opened) * _MICROSECOND for answered, opened in answers],
        operator_at=None if operator_at_us is None else moment(operator_at_us),
    )


def _waiting(scope: Scope) -> Any:
    return select(sessions.c.state).where(is_unanswered, *_within(scope)).limit(MOST_COUNTED)


def _answers(scope: Scope, now: datetime) -> Any:
    since_us = microseconds(now - ANSWERS_SINCE)
    return (
        select(sessions.c.first_answer_at_us, sessions.c.opened_at_us)
        .where(
            sessions.c.first_answer_at_us > since_us,
            sessions.c.first_answer_at_us != sessions.c.opened_at_us,  # nobody had waited
            *_within(scope),
        )
        .order_by(sessions.c.first_answer_at_us.desc())
        .limit(ANSWERS_COUNTED)
    )


def _operator(scope: Scope, now: datetime) -> Any:
    since_us = microseconds(now - OPERATOR_SINCE)
    latest = func.max(sessions.c.operator_at_us)
    return select(latest).where(
        sessions.c.app.in_(scope.apps), sessions.c.operator_at_us > since_us
    )


def _within(scope: Scope) -> list[Any]:
    conditions = [sessions.c.plan == scope.plan]
    if scope.pages:
        conditions.append(sessions.c.page.in_(scope.pages))
    if scope.without_pages:
        conditions.append(sessions.c.page.not_in(scope.without_pages))
    return conditions
