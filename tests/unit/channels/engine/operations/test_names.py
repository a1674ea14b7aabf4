"""Names of users, pages and apps: asked for in passing, and not for longer than they help."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import GraphRefused, GraphThrottled, TokenRefused
from channels.core.events import Thread
from channels.engine.operations.names import (
    AGAIN_AFTER,
    AT_ONCE,
    HOPE_AFTER,
    HOPELESS,
    KEPT,
    MOST_MATCHES,
    PAUSE,
    Names,
)
from tests.fakes.clock import ManualClock
from tests.fakes.graph import MemoryGraph

PAGE = "111000111000111"
ANNA, BEN = Thread(page=PAGE, user="2001"), Thread(page=PAGE, user="2002")
SECOND = timedelta(seconds=1)


class Scene:
    def __init__(self, *, of_users: bool = True) -> None:
        self.clock = ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))
        self.graph = MemoryGraph(app_id="900", page_id=PAGE, clock=self.clock)
        self.graph.known_names = {"2001": "Anna", "2002": "Ben", PAGE: "Shop", "777": "Desk"}
        self.names = Names(graph=self.graph, clock=self.clock, of_users=of_users)

    async def look_at(self, *threads: Thread) -> None:
        """Somebody looks, and Meta is asked until there is nothing left to ask."""
        self.names.want(threads)
        asking = asyncio.create_task(self._ask_forever())
        for _ in range(20 * (1 + len(threads) // AT_ONCE)):
            await asyncio.sleep(0)
            self.clock.advance(SECOND / 10)
        asking.cancel()

    async def _ask_forever(self) -> None:
        while True:
            await self.names.ask_some()

    def asked(self) -> list[str]:
        """The users that Meta was asked for."""
        calls = [call.thread for call in self.graph.calls if call.verb == "user_name"]
        return [thread.user for thread in calls if thread is not None]


def strangers(count: int, *, first: int = 5000) -> list[Thread]:
    return [Thread(page=PAGE, user=str(first + number)) for number in range(count)]


async def test_a_name_is_there_once_meta_has_told_it() -> None:
    scene = Scene()
    scene.names.want([ANNA])
    assert scene.names.of_user(ANNA) is None
    await scene.look_at(ANNA)
    assert scene.names.of_user(ANNA) == "Anna"
    assert scene.names.of_page(PAGE) == "Shop"
    assert scene.names.of_app("777", PAGE) == "Desk"
    assert scene.names.of_app("1217981644879628", PAGE) == "Instagram Inbox"


async def test_nobody_is_asked_for_twice_within_a_day() -> None:
    scene = Scene()
    for _ in range(3):
        await scene.look_at(ANNA, BEN)
    assert sorted(scene.asked()) == ["2001", "2002"]
    scene.clock.advance(KEPT)
    assert scene.names.of_user(ANNA) is None
    await scene.look_at(ANNA)
    assert scene.asked()[2:] == ["2001"]


async def test_who_is_shown_first_is_asked_for_first() -> None:
    scene = Scene()
    scene.names.want(strangers(30))
    await scene.look_at(ANNA, BEN)
    assert set(scene.asked()[:AT_ONCE]) >= {"2001", "2002"}


async def test_without_profiles_no_user_is_asked_for() -> None:
    scene = Scene(of_users=False)
    await scene.look_at(ANNA)
    assert scene.asked() == []
    assert not scene.names.may_learn
    assert scene.names.of_page(PAGE) == "Shop"


async def test_whom_meta_does_not_tell_of_is_asked_for_again_an_hour_later() -> None:
    scene = Scene()
    scene.graph.fail("user_name", GraphRefused("This person has no profile", code=100))
    await scene.look_at(ANNA)
    await scene.look_at(ANNA)
    assert scene.asked() == ["2001"]
    scene.clock.advance(AGAIN_AFTER)
    await scene.look_at(ANNA)
    assert scene.names.of_user(ANNA) == "Anna"


@pytest.mark.parametrize(
    "error",
    [GraphThrottled("Slow down", retry_after=timedelta(hours=1)), TokenRefused("Expired")],
)
async def test_where_meta_can_t_be_asked_now_nobody_asks_for_a_minute(error: Exception) -> None:
    scene = Scene()
    scene.graph.fail("user_name", error)  # type: ignore[arg-type]
    await scene.look_at(ANNA)
    await scene.look_at(ANNA, BEN)
    assert scene.asked() == ["2001"]
    assert scene.graph.closed_pages() == []
    scene.clock.advance(PAUSE)
    await scene.look_at(ANNA)
    assert scene.names.of_user(ANNA) == "Anna"


async def test_where_meta_tells_of_nobody_the_next_are_left_alone_for_a_while() -> None:
    scene = Scene()
    await scene.look_at(*strangers(HOPELESS))
    await scene.look_at(*strangers(HOPELESS, first=6000))
    assert len(scene.asked()) == HOPELESS
    scene.clock.advance(HOPE_AFTER)
    await scene.look_at(ANNA)
    assert scene.names.of_user(ANNA) == "Anna"


async def test_a_search_is_bounded_and_takes_any_case() -> None:
    scene = Scene()
    people = strangers(MOST_MATCHES + 20)
    scene.graph.known_names |= {thread.user: "STRAßE" for thread in people}
    await scene.look_at(ANNA, *people)
    assert scene.names.users_named("aNN") == (ANNA,)
    assert len(scene.names.users_named("strasse")) == MOST_MATCHES
    assert set(scene.names.apps_named("inbox")) == {"263902037430900", "1217981644879628"}
    assert scene.names.apps_named("desk") == ("777",)


async def test_who_is_erased_has_no_name() -> None:
    scene = Scene()
    await scene.look_at(ANNA)
    scene.names.forget(ANNA)
    assert scene.names.of_user(ANNA) is None


@pytest.mark.parametrize(
    "error", [GraphThrottled("Slow down", retry_after=SECOND), TokenRefused("Expired")]
)
async def test_where_meta_can_t_be_asked_now_what_is_wanted_already_waits_too(
    error: Exception,
) -> None:
    scene = Scene()
    scene.graph.fail("user_name", error, times=100)  # type: ignore[arg-type]
    await scene.look_at(*strangers(100))
    assert len(scene.asked()) <= AT_ONCE


async def test_of_many_that_are_wanted_no_more_are_asked_for_once_there_is_no_hope() -> None:
    scene = Scene()
    await scene.look_at(*strangers(10 * HOPELESS))
    assert len(scene.asked()) < HOPELESS + AT_ONCE


async def test_who_is_erased_while_meta_is_asked_has_no_name() -> None:
    scene = Scene()
    scene.names.want([ANNA])
    told = scene.graph.user_name

    async def erased_meanwhile(thread: Thread) -> str | None:
        name = await told(thread)
        scene.names.forget(thread)
        return name

    scene.graph.user_name = erased_meanwhile  # type: ignore[method-assign]
    await scene.look_at(ANNA)
    assert scene.asked() == ["2001"]
    assert scene.names.of_user(ANNA) is None
