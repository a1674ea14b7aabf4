"""A plain handover of many users at once, on several workers with PostgreSQL and Redis."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from tests.stack.chaos.chaos_run import play
from tests.stack.chaos.play.cast import FIRST_USER
from tests.stack.chaos.play.scripted_courses import MENU, PLANS, Course, Do, Step
from tests.stack.chaos.play.thunder import Thunder
from tests.stack.chaos.stage.chaos_stack import ChaosStack
from tests.stack.chaos.verdict.gathering import workers
from tests.stack.chaos.verdict.judge import judge
from tests.stack.forks.forked_stack import Stacks

USERS = [str(FIRST_USER + number) for number in range(12)]
PAUSE = timedelta(milliseconds=300)


def plain_handover(user: str) -> Course:
    steps = (
        Step(do=Do.SAY, text="message 1"),
        Step(do=Do.SAY, text="talk to a person"),
        Step(do=Do.UNTIL_AGENT),
        Step(do=Do.OPERATOR_SAYS, after=PAUSE, text="I am the operator."),
        Step(do=Do.SAY, after=PAUSE, text="message 2"),
        Step(do=Do.SAY, after=PAUSE, text=MENU),
        Step(do=Do.UNTIL_BOT),
        Step(do=Do.SAY, after=PAUSE, text="message 3"),
    )
    return Course(user=user, begins=timedelta(), steps=steps)


@pytest.mark.acceptance
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("replicas", "sanic_workers"),
    [pytest.param(2, 1, id="two replicas"), pytest.param(1, 2, id="SANIC_WORKERS=2")],
)
async def test_each_handover_begins_and_ends_once_on_several_workers(
    directory: Path, stacks: Stacks, replicas: int, sanic_workers: int
) -> None:
    async with ChaosStack(
        directory,
        forks=stacks.forks,
        plans=PLANS,
        users=USERS,
        replicas=replicas,
        sanic_workers=sanic_workers,
    ) as stack:
        await stack.start()
        undisturbed = Thunder(stack, Random(0), directory / "blows.log")
        result = await play(stack, [plain_handover(user) for user in USERS], undisturbed, [])
        shared_by = workers(stack.postgresql.url)
        shown = [
            await replica.figure("sessions_ended_total", reason="keyword")
            for replica in stack.replicas
        ]

    sessions = result.evidence.sessions
    assert sorted(session.user for session in sessions) == USERS
    assert {session.reason for session in sessions} == {"keyword"}
    assert [(one.name, one.offenders) for one in judge(result.evidence) if one.failed] == []
    assert len(shared_by) == 2
    assert sum(shown) == len(USERS)
