"""A short chaos run: kills, pauses, stops of PostgreSQL and Redis, and failing Graph calls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.stack.chaos.chaos_run import Plan, run
from tests.stack.chaos.play.storm import Counts
from tests.stack.chaos.verdict.judge import judge
from tests.stack.chaos.verdict.report import followed, reasons, report
from tests.stack.forks.forked_stack import Stacks

SHORT = Plan(
    seed=1,
    users=30,
    messages=240,
    lasting=timedelta(seconds=20),
    pause=timedelta(seconds=0.8),
    blows=Counts(
        kills=6,
        outages=1,
        faults=3,
        throttles=0,
        dead_tokens=0,
        pauses=2,
        pause=timedelta(seconds=9),
    ),
    lease=timedelta(seconds=6),
    poisons=1,
)


@pytest.mark.chaos
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(900)
async def test_nothing_is_lost_or_doubled_whatever_fails(directory: Path, stacks: Stacks) -> None:
    result = await run(SHORT, directory, stacks.forks)
    figures = judge(result.evidence)
    story = report(SHORT, result, figures)
    print(story)

    assert [figure.name for figure in figures if figure.failed] == [], (
        f"{story}\nThe logs are in {directory}."
    )
    assert len(result.evidence.kills) == SHORT.blows.kills + len(result.evidence.deaths)
    assert len(result.evidence.pauses) == SHORT.blows.pauses
    assert len(reasons(result)) >= 5, story
    assert followed(result) > 0, story
    assert len(result.evidence.runs) > SHORT.users, "the action that counts has hardly run"
