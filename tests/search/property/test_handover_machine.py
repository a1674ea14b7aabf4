"""Random steps lead to nothing that must not be, and find what is wrong in wrong code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from channels.core.notices import Notice
from channels.core.plans import Plan
from channels.core.sessions import notices
from channels.core.sessions.session import Session
from channels.dialogue import output
from channels.dialogue.outbox import Replay
from channels.handover import ledger
from tests.search.property.handover_machine import MODES, HandoverMachine
from tests.search.property.stage import Stage, quiet_channels
from tests.support.profile import EXAMPLES

WORLDS, STEPS = EXAMPLES * 3 // 20, 50
STEPS_A_MODE = WORLDS * STEPS * 3 // 5  # so many at least; few worlds end sooner


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with quiet_channels():
        yield stage
    stage.close()


@pytest.mark.timeout(900)  # shrinking a failure takes a while
@pytest.mark.parametrize("mode", MODES)
def test_every_user_is_answered_and_nobody_is_talked_over(
    mode: str, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings.default is not None
    if settings.default.derandomize:  # the modes would all take the same steps
        play(stage, mode, seeded=MODES.index(mode))
    else:
        play(stage, mode)
    assert stage.steps >= STEPS_A_MODE
    with capsys.disabled():
        print(f"\nRouting {mode}: {stage}.")


def play(stage: Stage, mode: str, *, seeded: int | None = None) -> None:
    """Play so many worlds; the same ones each time, if they are seeded."""

    def machine() -> HandoverMachine:
        return HandoverMachine(stage, mode)

    if seeded is not None:
        seed(seeded)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=WORLDS,
            stateful_step_count=STEPS,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


# That it finds what is wrong is shown by code that is wrong.

_telling = notices.telling


def _always(*_: object) -> bool:
    return True


def _forgetting(session: Session, now: datetime, **also: Any) -> tuple[Session, list[Notice]]:
    return session, _telling(session, now, **also)[1]


def _nothing(*_: object) -> None:
    return None


async def _not_looking() -> None:
    pass


@pytest.mark.parametrize(
    ("of", "name", "mistake", "found", "seeded"),
    [
        (Plan, "is_open", _always, "Nobody is there, or somebody is", 1),
        (ledger, "telling", _forgetting, "Operators are told", 1),
        (Replay, "repeated", _nothing, "A turn has said something to .* twice", 3),
        (output, "still_ours", _not_looking, "A worker that stood still goes on", 1),
    ],
)
def test_a_mistake_is_found(
    monkeypatch: pytest.MonkeyPatch,
    stage: Stage,
    of: Any,
    name: str,
    mistake: object,
    found: str,
    seeded: int,
) -> None:
    monkeypatch.setattr(of, name, mistake)
    with pytest.raises(AssertionError, match=found):
        play(stage, "on", seeded=seeded)
