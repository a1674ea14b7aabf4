"""What the bot says arrives once and in order: two workers, in every order, whatever breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels.dialogue.outbox import Replay
from tests.fakes.store import MemoryStore
from tests.fakes.store_rows import Rows
from tests.search.exhaustive.model import Violation
from tests.search.exhaustive.queues.exploration import Exploration, Model
from tests.search.exhaustive.queues.outbox_steps import (
    all_said,
    check_end,
    happenings,
    steps,
    what_comes,
)
from tests.search.exhaustive.queues.outbox_world import World, beginning, key_of
from tests.support.profile import IS_DEEP

# At depth 8 a turn that is cut twice, and says other words each time, says its first words again:
# of several wordings, the last one counts.
DEPTH, ENOUGH_STATES = (7, 15_000) if IS_DEEP else (5, 7_000)
ENOUGH_TO_GO_WRONG = 5  # steps


def explored(depth: int) -> Exploration[World]:
    exploration = Exploration(
        Model(nexts=_nexts, what_comes=what_comes, check_end=check_end, key_of=key_of)
    )
    for start in (beginning(), all_said(beginning())):
        exploration.explore(start, depth=depth)
    return exploration


def _nexts(world: World) -> Iterator[tuple[str, World]]:
    yield from steps(world)
    yield from happenings(world)


def test_what_is_said_arrives_once_and_in_order(tell: Callable[[str], None]) -> None:
    found = explored(DEPTH).explored
    tell(f"{found:,} states of the outbox explored to depth {DEPTH}")
    assert found > ENOUGH_STATES


# That the search finds what is wrong is shown by a store, or a core, that is wrong.


def _nobody(*_: object, **__: object) -> bool:
    return False


def _unchecked(*_: object, **__: object) -> None:
    pass


def _as_if_new(_: Replay, __: dict[str, Any]) -> None:
    return None


def _none(_: Replay) -> list[int]:
    return []


async def _always(*_: object) -> bool:
    return True


async def _unheard(*_: object) -> None:
    pass


@pytest.mark.parametrize(
    ("of", "name", "mistake", "violation"),
    [
        (Replay, "repeated", _as_if_new, "did not arrive whole and once"),
        (Replay, "withdrawn", _none, "what a turn does not say again"),
        (MemoryStore, "_is_said_again", _nobody, "a turn that is to be taken again"),
        (MemoryStore, "_check_claims", _unchecked, "did not arrive whole and once|is sent after"),
        (MemoryStore, "_is_behind_a_lost_one", _nobody, "is sent after"),
        (Rows, "is_behind_a_lost_one", _nobody, "is sent after"),
        (MemoryStore, "holds", _always, "is sent twice|is sent after|whole and once"),
        (MemoryStore, "keep_echo", _unheard, "is sent twice"),
    ],
)
def test_a_mistake_is_found(
    monkeypatch: pytest.MonkeyPatch, of: Any, name: str, mistake: object, violation: str
) -> None:
    monkeypatch.setattr(of, name, mistake)
    with pytest.raises(Violation, match=violation):
        explored(ENOUGH_TO_GO_WRONG)
