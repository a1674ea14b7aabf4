"""Operators are told what comes about, in order: two workers, in every order, whatever breaks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

import pytest

from channels.core.notices import Notice, NoticeKind
from channels.core.sessions import notices
from channels.core.sessions.session import Session, State
from tests.fakes.store import MemoryStore
from tests.fakes.store_notices import Untold
from tests.search.exhaustive.model import Violation
from tests.search.exhaustive.queues.exploration import Exploration, Model
from tests.search.exhaustive.queues.notices import (
    World,
    beginning,
    check_end,
    key_of,
    nexts,
    what_comes,
)
from tests.support.profile import IS_DEEP

DEPTH, ENOUGH_STATES = (6, 10_000) if IS_DEEP else (4, 1_000)
ENOUGH_TO_GO_WRONG = 4  # steps


def explored(depth: int) -> Exploration[World]:
    exploration = Exploration(
        Model(nexts=nexts, what_comes=what_comes, check_end=check_end, key_of=key_of)
    )
    exploration.explore(beginning(), depth=depth)
    return exploration


def test_operators_are_told_all_and_in_order(tell: Callable[[str], None]) -> None:
    found = explored(DEPTH).explored
    tell(f"{found:,} states of the notices explored to depth {DEPTH}")
    assert found > ENOUGH_STATES


# That the search finds what is wrong is shown by a core, or a store, that is wrong.

_telling, _shown_by = notices.telling, notices._shown_by


def _forgetting(
    session: Session, now: datetime, *, also: Collection[NoticeKind] = ()
) -> tuple[Session, list[Notice]]:
    told = _telling(session, now, also=also)[1]
    return session, told


def _as_soon_as_it_ends(session: Session) -> Iterator[NoticeKind]:
    yield from _shown_by(session)
    if session.state is State.ENDING and not session.regained:
        yield NoticeKind.ENDED


def _never(*_: object) -> bool:
    return False


def _nothing(*_: object) -> None:
    pass


async def _whoever_has_it(self: MemoryStore, target: str, now: datetime) -> Any:
    for each in self._waiting_notices():
        each.claimed_until = now
    return await _claim_notice(self, target, now)


_claim_notice = MemoryStore.claim_notice


@pytest.mark.parametrize(
    ("of", "name", "mistake", "violation"),
    [
        (notices, "telling", _forgetting, "operators are told"),
        (notices, "_shown_by", _as_soon_as_it_ends, "operators are told"),
        (Untold, "is_behind", _never, "operators are told"),
        (MemoryStore, "_tell", _nothing, "operators are told"),
        (MemoryStore, "claim_notice", _whoever_has_it, "twice"),
        (MemoryStore, "notice_told", None, "twice|round in circles"),
    ],
)
def test_a_mistake_is_found(
    monkeypatch: pytest.MonkeyPatch, of: Any, name: str, mistake: object, violation: str
) -> None:
    async def done_nothing(*_: object) -> None:
        pass

    monkeypatch.setattr(of, name, mistake or done_nothing)
    with pytest.raises(Violation, match=violation):
        explored(ENOUGH_TO_GO_WRONG)
