"""Opening hours on real processes, by a clock that is moved through evenings and odd nights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from demo.stack import Stack
from tests.stack.acceptance.conversation import CONNECTING, FEEDBACK, Conversation
from tests.stack.acceptance.moved_clock import MovedClock
from tests.stack.acceptance.rasa_api import ADMIN_TOKEN, Handovers, Rasa, moment
from tests.stack.forks.forked_stack import Stacks

BERLIN = ZoneInfo("Europe/Berlin")
MENU = "This is what I can do for you"
SHORTLY = timedelta(minutes=1)  # and yet longer than a busy machine takes to look
DAY = timedelta(days=1)
FRIDAY = 4
WAITS: dict[str, Any] = {"timezone": BERLIN.key, "when_closed": "wait"}
PLANS: dict[str, dict[str, Any]] = {
    "default": {**WAITS, "hours": {"mon-sun": "09:00-17:00"}},
    "weekdays": {**WAITS, "hours": {"mon-fri": "09:00-17:00"}, "timeout": "30m"},
    "early": {**WAITS, "hours": {"sun": "02:30-05:00"}},
    "late": {**WAITS, "hours": {"sat": "22:00-02:30", "sun": "10:00-12:00"}},
    "sales": {"timezone": BERLIN.key, "hours": {"mon-sun": "09:00-17:00"}},
}
Another = Callable[[], Awaitable[Conversation]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    async with stacks.new("evening") as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        for name, keys in PLANS.items():
            running.change_plan(name, **keys)
        running.follow_the_clock()
        await running.start()
        yield running


@pytest.fixture
def clock(stack: Stack, handovers: Handovers) -> MovedClock:
    return MovedClock(stack.platform, handovers)


@pytest.fixture
def another(stack: Stack, rasa: Rasa, new_user_id: Callable[[], str]) -> Another:
    async def conversation() -> Conversation:
        user = new_user_id()
        await stack.platform.add_user(user, "Grace")
        chat = Conversation(stack, user)
        await chat.says("hello")
        await chat.hears(MENU)
        await rasa.texts(user, until="hello")
        return chat

    return conversation


async def next_time(clock: MovedClock, hour: int) -> datetime:
    """When it is that hour in Berlin the next time."""
    day = (await clock.now()).astimezone(BERLIN).date()
    found = [datetime.combine(day + ahead * DAY, time(hour), BERLIN) for ahead in range(2)]
    now = await clock.now()
    return next(one for one in found if one > now)


async def restarted(stack: Stack) -> None:
    await stack.rasa.kill()
    await stack.start_rasa()


async def waits_until(
    chat: Conversation, rasa: Rasa, handovers: Handovers, plan: str, opening: datetime
) -> None:
    await rasa.hand_over(chat.user, plan)
    session = await handovers.until(chat.user, "waiting")
    assert moment(session["due_at"]) == opening
    await chat.is_owned_by(chat.platform.bot.id)


async def is_passed(chat: Conversation, rasa: Rasa, handovers: Handovers) -> None:
    """Once, and Rasa has heard of it."""
    await chat.is_owned_by(chat.platform.inbox_app_id)
    await handovers.until(chat.user, "active")
    await rasa.texts(chat.user, until="<handover_started>")
    [beginning] = await rasa.beginnings(chat.user)
    assert beginning["was_waiting"] is True
    assert len(await chat.calls("pass_thread_control")) == 1


async def test_an_evening_handover_is_passed_at_the_opening_after_a_kill_in_the_night(
    stack: Stack, clock: MovedClock, another: Another, rasa: Rasa, handovers: Handovers
) -> None:
    await clock.to(await next_time(clock, 20))
    chat, opening = await another(), await next_time(clock, 9)
    await waits_until(chat, rasa, handovers, "default", opening)
    await chat.says("goodbye")
    await chat.hears("Goodbye")

    await clock.to(await next_time(clock, 2))
    await restarted(stack)
    await chat.says("hello")
    await chat.hears_times(2, MENU)
    await clock.to(opening - SHORTLY)
    await handovers.until(chat.user, "waiting")
    assert await chat.calls("pass_thread_control") == []

    await clock.to(opening)
    await is_passed(chat, rasa, handovers)


async def test_one_is_passed_late_where_nobody_ran_at_the_opening(
    stack: Stack, clock: MovedClock, another: Another, rasa: Rasa, handovers: Handovers
) -> None:
    await clock.to(await next_time(clock, 20))
    chat, opening = await another(), await next_time(clock, 9)
    await waits_until(chat, rasa, handovers, "default", opening)
    ahead = opening + timedelta(minutes=20) - await clock.now()

    await stack.rasa.kill()
    move = {"advance_seconds": ahead.total_seconds()}
    await stack.platform.call("POST", "clock", move)
    await stack.start_rasa()

    await is_passed(chat, rasa, handovers)


async def test_a_user_who_asks_in_the_evening_is_promised_nobody(
    clock: MovedClock, another: Another, rasa: Rasa, handovers: Handovers
) -> None:
    await clock.to(await next_time(clock, 20))
    chat, opening = await another(), await next_time(clock, 9)
    await chat.says("I want to talk to sales")
    said = await chat.hears(f"They will be back on {opening:%Y-%m-%d}, 09:00.")
    assert not any(CONNECTING in one for one in said)
    assert await handovers.of(chat.user) is None
    heard = await rasa.heard(chat.user)
    told = heard[-1]["metadata"]["handover"]["sales"]
    assert (told["open"], told["opens_at"]) == (False, opening.isoformat())

    await clock.to(opening)
    await chat.says("I want to talk to sales")
    await chat.is_owned_by(chat.platform.agent.id)


async def test_a_weekend_is_longer_than_metas_day_and_nothing_is_lost_by_that(
    clock: MovedClock, another: Another, rasa: Rasa, handovers: Handovers
) -> None:
    """On Monday Meta takes no message of the bot's any more, until the user writes again."""
    await clock.to(await next_time(clock, 20))
    while (await clock.now()).astimezone(BERLIN).weekday() != FRIDAY:
        await clock.to(await clock.now() + DAY)
    chat, monday = await another(), await next_time(clock, 9) + 2 * DAY
    await waits_until(chat, rasa, handovers, "weekdays", monday)
    await clock.to(monday)
    await is_passed(chat, rasa, handovers)

    said = await chat.bot_said()
    await clock.to(monday + timedelta(minutes=31))
    await handovers.until_ended(chat.user)
    [ending] = await rasa.endings(chat.user)
    assert ending["reason"] == "timeout"
    assert await chat.bot_said() == said
    await chat.says("goodbye")
    *_, over, feedback, goodbye = await chat.hears("Goodbye")
    assert "The time for this chat with our team is over" in over
    assert (FEEDBACK in feedback, "Goodbye" in goodbye) == (True, True)


async def test_one_that_waits_is_ended_by_an_operator_before_the_hours(
    clock: MovedClock, another: Another, rasa: Rasa, handovers: Handovers
) -> None:
    await clock.to(await next_time(clock, 20))
    chat, opening = await another(), await next_time(clock, 9)
    await waits_until(chat, rasa, handovers, "default", opening)
    await handovers.give_back(chat.user)
    await chat.hears("Our team has closed this chat")
    await handovers.until_ended(chat.user)
    await clock.to(opening)
    await chat.says("goodbye")
    await chat.hears("Goodbye")
    assert await chat.calls("pass_thread_control") == []
    assert await chat.calls("take_thread_control") == []


@pytest.mark.parametrize(
    ("evening", "plan", "opening"),
    [
        # 02:00 to 03:00 is on no clock: what opens at 02:30 opens at 03:00.
        ("2027-03-28T00:30+01:00", "early", "2027-03-28T03:00+02:00"),
        # 02:00 to 03:00 is on the clocks twice: what opens at 02:30 opens the first time.
        ("2027-10-31T00:30+02:00", "early", "2027-10-31T02:30+02:00"),
        # What closes at 02:30 has closed the first time, and does not open again.
        ("2028-10-29T02:15+01:00", "late", "2028-10-29T10:00+01:00"),
        # What closes at 02:30 has closed as the clock skips it.
        ("2029-03-25T03:10+02:00", "late", "2029-03-25T10:00+02:00"),
    ],
)
async def test_the_night_on_which_the_clocks_change(
    evening: str,
    plan: str,
    opening: str,
    *,
    stack: Stack,
    clock: MovedClock,
    another: Another,
    rasa: Rasa,
    handovers: Handovers,
) -> None:
    await clock.to(datetime.fromisoformat(evening))
    chat, opens_at = await another(), datetime.fromisoformat(opening)
    await waits_until(chat, rasa, handovers, plan, opens_at)
    await restarted(stack)
    await clock.to(opens_at - SHORTLY)
    await handovers.until(chat.user, "waiting")
    assert await chat.calls("pass_thread_control") == []

    await clock.to(opens_at)
    await is_passed(chat, rasa, handovers)
