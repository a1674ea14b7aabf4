"""An error of ours that nobody has foreseen keeps no user waiting forever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from channels.core.sessions.session import State
from tests.scenario.world import ANNA, BOT, INBOX, TIMEOUT, World


async def _broken(*_: Any, **__: Any) -> None:
    raise ValueError("what nobody has thought of")


async def test_a_pass_that_can_not_be_written_ends_the_handover_as_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.graph, "pass_control", _broken)
    await world.hand_over()
    for _ in range(10):
        await world.wait(timedelta(minutes=1))

    assert world.ends() == ["failed"]
    assert world.said()[-1] == "re: failed"
    assert world.graph.threads[ANNA] == BOT


async def test_a_pass_that_fails_once_is_made_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, errors: Callable[[], list[str]]
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(world.graph, "pass_control", _broken)
        await world.hand_over()
    await world.wait(timedelta(seconds=30))

    assert world.graph.threads[ANNA] == INBOX
    [told] = set(errors())
    assert "Please report the lines below" in told


async def test_a_conversation_that_can_not_be_read_is_handed_over_and_quoted_nowhere(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(world.workers[0].assistant, "situation", _broken)
    await world.hand_over()

    assert world.graph.threads[ANNA] == INBOX
    told = [record.getMessage() for record in caplog.records]
    assert any("is not told where the conversation stands" in line for line in told)
    assert not any("nobody has thought of" in line for line in told)


async def test_a_thread_is_taken_back_once_that_is_possible(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await world.hand_over()
    with monkeypatch.context() as broken:
        broken.setattr(world.graph, "take_control", _broken)
        await world.wait(TIMEOUT)
        assert (await world.session()).state is State.ENDING
    await world.wait(timedelta(minutes=5))

    assert world.ends() == ["timeout"]
    told = [record.getMessage() for record in caplog.records]
    assert any("can't be taken back yet" in line for line in told)
    assert not any("nobody has thought of" in line for line in told)  # it may quote the user
