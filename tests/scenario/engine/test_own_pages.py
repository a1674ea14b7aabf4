"""Whose events are handled, where the app is subscribed to more Pages than the bot answers on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from channels.core.errors import GraphRefused, GraphUnavailable
from channels.core.events import Platform, Thread
from tests.scenario.world import ANNA, INBOX, PAGE, SECOND, World

STRANGE = Thread(page="222000222000222", user=ANNA.user)
ACCOUNT = Thread(page="17841400000000001", user="3001", platform=Platform.INSTAGRAM)
STRANGE_ACCOUNT = Thread(page="17841400000000002", user="3001", platform=Platform.INSTAGRAM)
OUTAGE = GraphUnavailable("Graph is down")
REFUSAL = GraphRefused("The token may not")


def heard(world: World) -> list[str]:
    return [turn.text for turn in world.tracker_store.turns]


def left_out(world: World) -> float:
    page = world.engine.metrics.page().decode()
    [line] = [
        one
        for one in page.splitlines()
        if one.startswith("rasa_handover_events_of_other_pages_total ")
    ]
    return float(line.split()[1])


async def test_a_keyword_on_another_page_takes_no_thread_here(world: World) -> None:
    await world.hand_over()
    world.graph.threads[STRANGE] = INBOX
    await world.user_says("menu", STRANGE)
    await world.user_says("hello", STRANGE)

    assert world.graph.threads[ANNA] == INBOX
    assert world.ends() == []
    assert "hello" not in heard(world)
    assert await world.store.open_session(STRANGE) is None
    assert left_out(world) == 2


async def test_another_page_is_told_of_in_the_log_once_an_hour(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        await world.user_says("hello", STRANGE)
        await world.wait(timedelta(minutes=10))
    told = [one.getMessage() for one in caplog.records if "are left out" in one.getMessage()]
    assert len(told) == 4
    assert told[0].startswith(f"Events of page {STRANGE.page} are left out (1 events since")
    assert "(6 events since" in told[1]
    assert "'pages'" in told[0]


@pytest.mark.parametrize("platform", Platform)
async def test_metas_test_button_is_told_of_and_not_answered(
    world: World, caplog: pytest.LogCaptureFixture, platform: Platform
) -> None:
    caplog.set_level("INFO")
    await world.user_says("random_text", Thread(page="0", user="12334", platform=platform))
    assert heard(world) == []
    [line] = [one for one in caplog.records if "Test button" in one.getMessage()]
    assert line.levelname == "INFO"
    assert "are left out" not in caplog.text


async def test_while_the_page_is_not_known_its_events_wait_and_none_is_lost(world: World) -> None:
    world.graph.fail("page", OUTAGE, times=2)
    await world.user_says("before")
    await world.user_says("elsewhere", STRANGE)
    assert heard(world) == []

    await world.wait(SECOND)
    await world.wait(10 * SECOND)
    assert heard(world) == ["before"]


@pytest.mark.parametrize("error", [REFUSAL])
async def test_where_meta_does_not_tell_the_page_nothing_is_left_out(
    world: World, error: GraphRefused
) -> None:
    world.graph.fail("page", error)
    await world.user_says("hello")
    assert heard(world) == ["hello"]


async def test_the_page_is_asked_for_once(world: World) -> None:
    for text in ("one", "two", "three"):
        await world.user_says(text)
    await world.wait(timedelta(hours=3))
    await world.user_says("four")
    assert [call.verb for call in world.graph.calls].count("page") == 1


async def test_the_linked_instagram_account_is_ours_and_another_is_not(world: World) -> None:
    world.graph.account_id = ACCOUNT.page
    await world.user_says("hello", ACCOUNT)
    await world.user_says("elsewhere", STRANGE_ACCOUNT)
    assert heard(world) == ["hello"]


@pytest.mark.parametrize("told", [None, REFUSAL])
async def test_where_meta_tells_of_no_account_each_one_is_taken_for_ours(
    world: World, told: GraphRefused | None
) -> None:
    """The token may lack a permission that only the look at the account needs."""
    if told is not None:
        world.graph.fail("instagram_account", told)
    await world.user_says("hello", ACCOUNT)
    assert heard(world) == ["hello"]


async def test_an_account_that_is_linked_later_is_known_within_an_hour(world: World) -> None:
    world.graph.account_id = ACCOUNT.page
    await world.user_says("elsewhere", STRANGE_ACCOUNT)
    world.graph.account_id = STRANGE_ACCOUNT.page
    await world.wait(timedelta(hours=1))
    await world.user_says("hello", STRANGE_ACCOUNT)
    assert heard(world) == ["hello"]


async def test_while_one_asks_for_the_account_again_the_others_do_not_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()

    async def slowly() -> str | None:
        await told.wait()
        return ACCOUNT.page

    world.graph.account_id = ACCOUNT.page
    await world.user_says("hello", ACCOUNT)
    await world.wait(timedelta(hours=1))
    monkeypatch.setattr(world.graph, "instagram_account", slowly)
    who_asks = Thread(page=ACCOUNT.page, user="3002", platform=Platform.INSTAGRAM)
    await world.engine.intake.accept(
        [world.message("slow", who_asks), world.message("quick", ACCOUNT)]
    )
    for _ in range(50):
        await asyncio.sleep(0)
    by_now = heard(world)
    told.set()
    assert by_now == ["hello", "quick"]


async def test_while_the_account_is_asked_for_again_another_s_events_wait_and_are_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()

    async def slowly() -> str | None:
        await told.wait()
        return ACCOUNT.page

    world.graph.account_id = ACCOUNT.page
    await world.user_says("hello", ACCOUNT)
    await world.wait(timedelta(hours=1))
    monkeypatch.setattr(world.graph, "instagram_account", slowly)
    foreign = Thread(page="another account", user="3002", platform=Platform.INSTAGRAM)
    await world.engine.intake.accept(
        [world.message("ours", ACCOUNT), world.message("theirs", foreign)]
    )
    for _ in range(50):
        await asyncio.sleep(0)
    told.set()
    await world.settle()
    assert heard(world) == ["hello", "ours"]


async def test_of_several_pages_the_settings_tell(caplog: pytest.LogCaptureFixture) -> None:
    page = {"page-access-token": "one", "instagram": ACCOUNT.page}
    world = World(pages={PAGE: page})
    del world.section["page-access-token"]
    await world.start()
    for text, thread in (("here", ANNA), ("there", ACCOUNT), ("elsewhere", STRANGE)):
        await world.user_says(text, thread)

    assert heard(world) == ["here", "there"]
    assert not [call for call in world.graph.calls if call.verb == "page"]
    assert "Traceback" not in caplog.text


async def test_an_account_that_meta_fails_to_tell_of_holds_nobody_up(world: World) -> None:
    failure = GraphUnavailable("Unknown error", others_answered=True)
    world.graph.fail("instagram_account", failure, times=99)
    await world.user_says("hello", ACCOUNT)
    assert heard(world) == ["hello"]
