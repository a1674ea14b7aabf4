"""Several pages on one assistant, whose users may have the same ids."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.core.events import Array, ControlRequested, Event, Platform, Thread
from tests.scenario.world import ANNA, PAGE, World

OTHER_PAGE, ACCOUNT = "222000222000222", "17841400000000000"
ON_OTHER_PAGE = Thread(page=OTHER_PAGE, user=ANNA.user)
ON_INSTAGRAM = Thread(page=ACCOUNT, user=ANNA.user, platform=Platform.INSTAGRAM)
DESK = "77"


@pytest.fixture
async def world() -> World:
    world = World(
        pages={
            PAGE: {"page-access-token": "one"},
            OTHER_PAGE: {
                "page-access-token": "two",
                "instagram": ACCOUNT,
                "plans": {"default": {"target-app": DESK, "timeout": 300}},
            },
        }
    )
    del world.section["page-access-token"]
    await world.start()
    return world


async def test_the_same_user_id_on_two_pages_and_instagram_is_three_people(world: World) -> None:
    for thread in (ANNA, ON_OTHER_PAGE, ON_INSTAGRAM):
        await world.user_says("hello", thread)

    senders = [turn.sender_id for turn in world.tracker_store.turns]
    assert senders == [
        f"{PAGE}:{ANNA.user}",
        f"{OTHER_PAGE}:{ANNA.user}",
        f"{ACCOUNT}:{ANNA.user}",
    ]
    assert [turn.channel for turn in world.tracker_store.turns] == [
        "facebook",
        "facebook",
        "instagram",
    ]


async def test_each_page_hands_over_by_its_own_plans(world: World) -> None:
    for thread in (ANNA, ON_OTHER_PAGE, ON_INSTAGRAM):
        await world.user_says("human", thread)

    owners = [world.graph.threads[thread] for thread in (ANNA, ON_OTHER_PAGE, ON_INSTAGRAM)]
    assert owners == ["263902037430900", DESK, DESK]


@pytest.mark.parametrize("how", ["it has taken the thread", "it asks for the thread"])
async def test_a_handover_that_an_app_begins_goes_by_the_plan_of_its_page(
    world: World, how: str
) -> None:
    event: Event = world.message("hello", ON_OTHER_PAGE, array=Array.STANDBY)
    if how == "it asks for the thread":
        event = ControlRequested(
            key="asked",
            thread=ON_OTHER_PAGE,
            array=Array.MESSAGING,
            at=event.at,
            received_at=event.received_at,
            requested_owner=DESK,
        )
    else:
        world.graph.threads[ON_OTHER_PAGE] = DESK
    await world.deliver(event)

    session = await world.store.open_session(ON_OTHER_PAGE)
    assert session is not None
    assert session.plan.timeout == timedelta(seconds=300)


async def test_an_answer_goes_to_the_thread_that_it_answers(world: World) -> None:
    await world.user_says("hello", ON_OTHER_PAGE)

    assert world.said(ON_OTHER_PAGE) == ["re: hello"]
    assert world.said(ANNA) == []


async def test_what_rasa_says_on_its_own_finds_its_page_by_the_sender_id(world: World) -> None:
    output = world.engine.output()
    await output.send_response(f"{ACCOUNT}:{ANNA.user}", {"text": "reminder"})
    await world.settle()

    assert world.said(ON_INSTAGRAM) == ["reminder"]
