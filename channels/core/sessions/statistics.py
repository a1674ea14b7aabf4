"""How handovers ended, and how long their users waited for a person. Pure."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from .feedback import SCORES
from .session import EndReason, Session

Moment = Annotated[datetime, msgspec.Meta(tz=True)]

# The edges of the chart: a person who is waiting notices minutes, not seconds.
_WAITS = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)


_NEVER_WITH_AGENTS = (EndReason.FAILED, EndReason.CLOSED, EndReason.CANCELLED)


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions got their first answer within a time, but not within the next shorter one.

    `within_seconds` is null for those that waited longer than the longest.
    """

    within_seconds: int | None
    sessions: int


class Opinions(msgspec.Struct, frozen=True, kw_only=True):
    """What users thought of some sessions: `answers` is how many were rated.

    `by_score` has every score. `satisfied` counts good, 4 and 5; `average` is over those from 1 to
    5.
    """

    answers: int
    by_score: dict[str, int]
    satisfied: int
    average: float | None


class FeedbackStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What users thought of all sessions, and by plan, target app and end reason."""

    all: Opinions
    by_plan: dict[str, Opinions]
    by_target_app: dict[str, Opinions]
    by_reason: dict[str, Opinions]


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """How the sessions that ended between two moments went.

    `by_reason` has every end reason. The time to the first answer is counted from the session's
    opening to an operator's first message, where the bot has handed over. `unanswered` counts
    sessions that ended before it, except those that `failed`, were `closed` or `cancelled` before
    anybody had the thread, or were begun by somebody else while the user said nothing.
    """

    since: Moment
    until: Moment
    ended: int
    by_reason: dict[EndReason, int]
    first_answers: list[Waited]
    median_first_answer_seconds: float | None
    unanswered: int
    feedback: FeedbackStatistics


def statistics_of(ended: Sequence[Session], *, since: datetime, until: datetime) -> Statistics:
    """The statistics of these sessions, all of which ended between the two moments."""
    reasons = Counter(session.reason for session in ended)
    waits = [wait for session in ended if (wait := _wait(session)) is not None]
    seconds = [wait.total_seconds() for wait in waits]
    return Statistics(
        since=since,
        until=until,
        ended=len(ended),
        by_reason={reason: reasons[reason] for reason in EndReason},
        first_answers=_distributed(waits),
        median_first_answer_seconds=statistics.median(seconds) if seconds else None,
        unanswered=sum(map(_is_unanswered, ended)),
        feedback=_feedback(ended),
    )


def _feedback(ended: Sequence[Session]) -> FeedbackStatistics:
    rated = [session for session in ended if session.feedback is not None]

    def by(name_of: Callable[[Session], str]) -> dict[str, Opinions]:
        groups = defaultdict(list)
        for session in rated:
            groups[name_of(session)].append(session)
        return {name: _opinions(groups[name]) for name in sorted(groups)}

    return FeedbackStatistics(
        all=_opinions(rated),
        by_plan=by(lambda session: session.plan.name),
        by_target_app=by(lambda session: session.owner_app or session.target_app_id),
        by_reason=by(lambda session: session.reason.value if session.reason else ""),
    )


def _opinions(sessions: Sequence[Session]) -> Opinions:
    given = [session.feedback for session in sessions if session.feedback is not None]
    scores = Counter(feedback.score for feedback in given)
    numbers = [feedback.score for feedback in given if isinstance(feedback.score, int)]
    return Opinions(
        answers=len(given),
        by_score={str(score): scores[score] for score in SCORES},
        satisfied=sum(feedback.is_satisfied for feedback in given),
        average=round(statistics.mean(numbers), 2) if numbers else None,
    )


def _wait(session: Session) -> timedelta | None:
    """From the opening to the first answer; a clock that was set back makes it zero.

    None if there was no answer, and if somebody else began: then the user had not been waiting.
    """
    if session.first_answer_at is None or session.is_adopted:
        return None
    return max(session.first_answer_at - session.opened_at, timedelta())


def _is_unanswered(session: Session) -> bool:
    was_with_agents = session.reason not in _NEVER_WITH_AGENTS
    return session.is_talk and session.operator_messages == 0 and was_with_agents


def _distributed(waits: Sequence[timedelta]) -> list[Waited]:
    counts = Counter(next((edge for edge in _WAITS if wait <= edge), None) for wait in waits)
    return [
        Waited(
            within_seconds=None if edge is None else int(edge.total_seconds()),
            sessions=counts[edge],
        )
        for edge in (*_WAITS, None)
    ]
