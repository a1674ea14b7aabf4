"""What `statistics` tells people."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from channels.core.sessions.statistics import FeedbackStatistics, Opinions, Statistics
from cli.running.statistics import report

NOON = datetime(2026, 8, 29, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("answers", "told"), [(1, "1 answer, 100% satisfied"), (4, "4 answers, 25% satisfied")]
)
def test_answers_are_counted_in_english(answers: int, told: str) -> None:
    opinions = Opinions(answers=answers, by_score={"good": 1}, satisfied=1, average=None)
    feedback = FeedbackStatistics(all=opinions, by_plan={}, by_target_app={}, by_reason={})
    statistics = Statistics(
        since=NOON,
        until=NOON,
        ended=answers,
        by_reason={},
        first_answers=[],
        median_first_answer_seconds=None,
        unanswered=0,
        feedback=feedback,
    )
    assert told in report(statistics)
