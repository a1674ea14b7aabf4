"""Whatever comes, nothing that somebody may be about to press moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.stack.browser.chat_screen import ChatScreen
from tests.stack.browser.scripted_bot import DESK, HANDSET, Stage, staged

WIDE = ViewportSize(width=1600, height=900)
# Outside of the conversations, which grow, and of the quick replies, which come and go.
REMEMBER = """() => {
  const kinds = "button, select, input, textarea, summary, h1, h2, [role=log]";
  const grows = "[role=log] > *, .quick-replies";
  const boxOf = (part) => {
    const { x, y, width, height } = part.getBoundingClientRect();
    return [x, y, width, height];
  };
  const parts = [...document.querySelectorAll(kinds)]
    .filter((part) => part.checkVisibility() && !part.closest(grows));
  const before = parts.map((part) => [part, boxOf(part)]);
  const isElsewhere = ([part, was]) =>
    part.checkVisibility() && boxOf(part).some((one, at) => Math.abs(one - was[at]) > 0.5);
  window.shifts = 0;
  window.moved = () => before.filter(isElsewhere)
    .map(([part, was]) => `${part.outerHTML.slice(0, 80)}: ${was} is now ${boxOf(part)}`);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value;
  }).observe({ type: "layout-shift" });
  return before.length;
}"""
SHIFTS_THAT_NOBODY_SEES = 0.01  # Web Vitals calls 0.1 good

Happening = Callable[[Stage], Awaitable[None]]


async def user_writes(stage: Stage) -> None:
    await stage.platform.user_says(stage.screen.user, "a long message " * 12)
    await stage.screen.shows("a long message")


async def bot_offers_replies(stage: Stage) -> None:
    replies = [
        {"content_type": "text", "title": f"Reply {number}", "payload": "/x"}
        for number in range(13)
    ]
    await stage.bot_says(text="What now?", quick_replies=replies)
    await expect(stage.screen.phone.get_by_role("button", name="Reply 12")).to_be_attached()


async def bot_types(stage: Stage) -> None:
    await stage.bot_calls("messages", sender_action="mark_seen")
    await stage.bot_calls("messages", sender_action="typing_on")
    await expect(stage.screen.phone.locator(".typing")).to_be_attached()


async def thread_is_passed(stage: Stage) -> None:
    stage.bot.handover = {"plan": "default", "state": "active", "ends_at": "2030-01-01T00:00:00Z"}
    await stage.bot_passes(stage.platform.agent.id, plan="default", language="en")
    await stage.screen.says_owner(stage.platform.agent.name)
    await expect(stage.screen.page.locator("#plan-end")).to_contain_text("plan default")


async def notice_comes(stage: Stage) -> None:
    await stage.bot_tells("opened", user=stage.screen.user)
    told = stage.screen.notices.locator("#told > li")
    await expect(told).to_have_count(1)


async def operator_is_refused(stage: Stage) -> None:
    """By a click on what could be pressed a moment ago."""
    await stage.screen.inbox.locator("[data-verb=release]").evaluate(
        "button => { button.disabled = false; button.click(); button.disabled = true }"
    )
    await expect(stage.screen.inbox.locator(".refusal")).to_contain_text("100")


async def user_is_refused(stage: Stage) -> None:
    await stage.screen.page.route(
        "**/acts", lambda route: route.fulfill(status=400, json={"error": "No, " * 30})
    )
    await stage.screen.phone.locator("[data-act=referral]").evaluate("button => button.click()")
    await expect(stage.screen.phone.locator(".refusal")).to_contain_text("No, ")


async def bot_is_in_trouble(stage: Stage) -> None:
    stage.bot.problems = [{"message": "Meta refuses the token. " * 4, "remedy": "Make a new one."}]
    await expect(stage.screen.page.locator("#trouble")).to_be_visible()


async def clock_moves(stage: Stage) -> None:
    await stage.platform.call("POST", "clock", {"advance_seconds": 100_000})
    await expect(stage.screen.controls.locator("#ahead")).to_contain_text("ahead")


async def message_is_taken_back(stage: Stage) -> None:
    mid = (await stage.platform.thread(stage.screen.user))["messages"][0]["mid"]
    await stage.platform.call("POST", f"users/{stage.screen.user}/deletions", {"mid": mid})
    await stage.screen.shows("Taken back")


HAPPENINGS: list[Happening] = [
    user_writes,
    bot_types,
    bot_offers_replies,
    thread_is_passed,
    notice_comes,
    operator_is_refused,
    user_is_refused,
    bot_is_in_trouble,
    message_is_taken_back,
    clock_moves,
]


async def nothing_has_moved(screen: ChatScreen, what: Happening) -> None:
    assert (what.__name__, await screen.page.evaluate("moved()")) == (what.__name__, [])
    shifts = await screen.page.evaluate("[shifts, (shifts = 0)][0]")
    assert (what.__name__, shifts) < (what.__name__, SHIFTS_THAT_NOBODY_SEES)


@pytest.mark.parametrize("viewport", [WIDE, DESK, HANDSET], ids=["wide", "desk", "handset"])
async def test_nothing_jumps_whatever_happens(browser: Browser, viewport: ViewportSize) -> None:
    async with staged(browser, viewport=viewport) as stage:
        page = stage.screen.page
        await page.evaluate("document.fonts.ready")
        await expect(stage.screen.inbox.locator(".hint")).not_to_be_empty()
        assert await page.evaluate(REMEMBER) > 10
        for happens in HAPPENINGS:
            await happens(stage)
            await nothing_has_moved(stage.screen, happens)


async def test_the_controls_stay_where_they_are_while_faults_come_and_go(browser: Browser) -> None:
    async with staged(browser) as stage:
        screen = stage.screen
        await expect(screen.inbox.locator(".hint")).not_to_be_empty()
        await screen.page.evaluate(REMEMBER)
        for _ in range(3):
            await screen.controls.get_by_role("button", name="Throw").click()
        await expect(screen.controls.get_by_role("listitem")).to_have_count(3)
        assert await screen.page.evaluate("moved()") == []
        await screen.controls.get_by_role("button", name="Clear faults").click()
        await expect(screen.controls.get_by_role("listitem")).to_have_count(0)
        assert await screen.page.evaluate("moved()") == []


async def test_a_picture_has_its_place_before_it_has_come(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await stage.bot_says(text="Look:")
        url = f"{stage.platform.url}/_chat/icon.svg"
        await stage.bot_says(attachment={"type": "image", "payload": {"url": f"{url}?never"}})
        picture = stage.screen.phone.get_by_role("img", name="Image")
        await expect(picture).to_be_visible()
        before = await picture.bounding_box()
        await picture.evaluate("image => image.decode().catch(() => null)")
        assert await picture.bounding_box() == before
