"""A worker that is killed at any point of a handover, and started again, loses and doubles nothing.

Each story is played once for each change that the worker makes in store, Graph and tracker store,
and the worker dies there. Its successor finds the claims expired; on SQLite they are voided when
the store is opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from channels.core.sessions.session import EndReason
from channels.store.sql import SqlStore
from tests.scenario.engine.failures.places import Place, commits_of, deaths_of, each_in
from tests.scenario.engine.failures.stories import STORIES, HarshWorld, has_turned_out_well, play

DEATHS = each_in(STORIES, deaths_of)
DEATHS_BESIDE_ANOTHER = each_in(STORIES, partial(deaths_of, has_survivor=True))
DEATHS_ON_SQLITE = each_in(  # "followed" begins as "keyword" does
    ("refused", "followed", "waited"), commits_of
)


class MortalWorld(HarshWorld):
    """A world that knows what Rasa had saved when the worker died."""

    async def replace_dead(self) -> None:
        self.saved_before_death = self.heard()
        await super().replace_dead()

    def repeats_only_what_was_cut_down(self) -> bool:
        """A turn that was not saved is taken again, and may repeat what it had said."""
        turns = {"re: hello": "hello", "connecting": "human"}
        turns |= {f"re: {reason.value}": f"<{reason.value}>" for reason in EndReason}
        said = self.said()
        return all(
            said.count(text) == 1
            or (said.count(text) == 2 and turns[text] not in self.saved_before_death)
            for text in said
        )


@pytest.fixture
async def mortal_world() -> AsyncIterator[MortalWorld]:
    world = MortalWorld()
    yield world
    await world.kill()


@pytest.fixture
async def mortal_world_on_sqlite(tmp_path: Path) -> AsyncIterator[MortalWorld]:
    url = f"sqlite:///{tmp_path / 'handover.db'}"
    world = MortalWorld(lambda worker: SqlStore(url, worker=worker))
    yield world
    await world.kill()


@pytest.mark.parametrize(("name", "place"), DEATHS)
async def test_a_worker_that_dies(mortal_world: MortalWorld, name: str, place: Place) -> None:
    await play(mortal_world, STORIES[name], wire := place.wire())
    assert wire.was_cut
    assert mortal_world.repeats_only_what_was_cut_down()
    await has_turned_out_well(mortal_world, STORIES[name])


@pytest.mark.parametrize(("name", "place"), DEATHS_BESIDE_ANOTHER)
async def test_a_worker_that_dies_beside_another(
    mortal_world: MortalWorld, name: str, place: Place
) -> None:
    mortal_world.has_survivor = True
    await play(mortal_world, STORIES[name], wire := place.wire())
    assert wire.was_cut
    assert mortal_world.repeats_only_what_was_cut_down()
    await has_turned_out_well(mortal_world, STORIES[name])


@pytest.mark.parametrize(("name", "place"), DEATHS_ON_SQLITE)
async def test_a_worker_that_dies_on_sqlite(
    mortal_world_on_sqlite: MortalWorld, name: str, place: Place
) -> None:
    await play(mortal_world_on_sqlite, STORIES[name], wire := place.wire())
    assert wire.was_cut
    assert mortal_world_on_sqlite.repeats_only_what_was_cut_down()
    await has_turned_out_well(mortal_world_on_sqlite, STORIES[name])
