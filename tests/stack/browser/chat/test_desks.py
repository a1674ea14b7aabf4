"""What the operators' own tools know: notices, contexts, the end by the plan."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.stack.browser.axe import stumbles
from tests.stack.browser.chat_screen import ChatScreen
from tests.stack.browser.scripted_bot import DESK, HANDSET, staged

CONTEXT = {
    "plan": "sales",
    "state": "active",
    "opened_at": "2026-11-29T12:00:00Z",
    "ended_at": None,
    "slots": {"order_id": "4711"},
    "said": [{"at": "2026-11-29T12:00:00Z", "speaker": "user", "text": "<b>hello</b>"}],
    "transcript": [{"at": "2026-11-29T12:01:00Z", "speaker": "operator", "text": "Sales here"}],
}

pytestmark = pytest.mark.timeout(300)  # axe looks at each pane


async def shows_notices(screen: ChatScreen) -> None:
    record = screen.page.get_by_role("navigation", name="Record")
    await record.get_by_role("button", name="Notices").click()


async def test_a_real_handover_is_told_to_operators_and_opened_at_the_desk(
    screen: ChatScreen,
) -> None:
    await shows_notices(screen)
    await screen.is_handed_over("I want to talk to sales")
    told = screen.notices.get_by_role("listitem")
    opened = told.filter(has_text="Grace Hopper: Waits for an answer").first
    await expect(opened).to_contain_text("signed")
    await expect(opened).to_contain_text("plan sales")
    await expect(screen.page.locator("#plan-end")).to_contain_text("plan sales: until")
    await expect(screen.page.locator("#plan-end")).to_contain_text("(timeout)")
    await screen.agent.get_by_role("button", name="Open the whole context").click()
    await expect(screen.agent).to_contain_text("What was said")
    await expect(screen.agent.locator(".said")).to_contain_text("I want to talk to sales")
    await screen.replies(screen.agent, "Sales here")
    answered = told.filter(has_text="Grace Hopper: Has an answer").first
    await expect(answered).to_contain_text("plan sales")
    await screen.writes("menu")
    ended = told.filter(has_text="Grace Hopper: Is back with the bot").first
    await expect(ended).to_contain_text("reason: keyword")
    await expect(screen.page.locator("#plan-end")).to_be_empty()


async def test_the_plan_of_a_person_on_instagram_is_known_too(screen: ChatScreen) -> None:
    await screen.page.get_by_role("button", name="Add…").click()
    dialog = screen.page.get_by_role("dialog", name="Add a person")
    await dialog.get_by_label("Name").fill("Katherine Johnson")
    await dialog.get_by_label("Instagram").check()
    await dialog.get_by_role("button", name="Add").click()
    await expect(dialog).to_be_hidden()
    await screen.is_handed_over()
    await expect(screen.page.locator("#plan-end")).to_contain_text("plan default: until")


async def test_a_notice_of_somebody_else_is_refused_in_sight(browser: Browser) -> None:
    async with staged(browser) as stage:
        await shows_notices(stage.screen)
        status = await stage.bot_tells("opened", secret="whsec_" + "A" * 44, user="1")
        assert status == 401
        refused = stage.screen.notices.get_by_role("listitem").filter(has_text="Not genuine")
        await expect(refused).to_contain_text("No matching signature found")
        lines = stage.screen.notices.locator("#notify-lines")
        await stage.screen.notices.get_by_text("How the bot is told to send them").click()
        await expect(lines).to_contain_text(f"secret: {stage.platform.notify_secret}")
        await expect(lines).to_contain_text(f"url: {stage.platform.url}/_emulator/notices")


async def test_a_notice_leads_to_its_person(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.platform.add_user("24870165432300778", "Ada Byron")
        await stage.bot_tells("opened", user="24870165432300778")
        await shows_notices(stage.screen)
        await stage.screen.notices.get_by_role("button", name="Show Ada Byron").click()
        await expect(stage.screen.phone).to_contain_text("Ada Byron on Messenger")


async def test_words_in_a_notice_stay_words(browser: Browser) -> None:
    async with staged(browser) as stage:
        await shows_notices(stage.screen)
        await stage.bot_tells("<img src=x>", user="<b>1</b>", plan="<i>x</i>", reason="<u>")
        told = stage.screen.notices.get_by_role("listitem")
        await expect(told).to_contain_text("<b>1</b>: <img src=x>")
        await expect(told.locator("b, i, u, img")).to_have_count(0)


async def test_what_comes_with_a_thread_is_shown_as_fields(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        target, slots = stage.platform.agent.id, {"order_id": "4711"}
        await stage.bot_passes(target, plan="sales", timeout_seconds=7200, slots=slots)
        fields = stage.screen.agent.locator(".context")
        await expect(
            fields.get_by_role("heading", name="What came with the thread")
        ).to_be_visible()
        for term, value in (("plan", "sales"), ("time", "2 h"), ("order id", "4711")):
            await expect(fields.get_by_role("term").get_by_text(term, exact=True)).to_be_visible()
            await expect(fields.get_by_text(value, exact=True)).to_be_visible()
        await expect(fields.get_by_role("button")).to_have_count(0)  # there is no context_url


async def test_the_context_is_opened_by_its_address_and_says_when_it_is_gone(
    browser: Browser,
) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        url = f"{stage.bot.url}/webhooks/facebook/handovers/1/context"
        await stage.bot_passes(stage.platform.agent.id, plan="sales", context_url=url)
        button = stage.screen.agent.get_by_role("button", name="Open the whole context")
        await button.click()
        refusal = stage.screen.agent.locator(".context .refusal")
        await expect(refusal).to_have_text("HTTP status 404: There is nothing.")
        stage.bot.context = CONTEXT
        await button.click()
        said = stage.screen.agent.locator(".said")
        await expect(said).to_contain_text("User <b>hello</b>")
        await expect(said).to_contain_text("Operator Sales here")
        await expect(refusal).to_be_empty()


async def test_an_address_that_is_none_of_the_web_opens_nothing(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await stage.bot_passes(stage.platform.agent.id, context_url="javascript:alert(1)")
        await stage.screen.agent.get_by_role("button", name="Open the whole context").click()
        refusal = stage.screen.agent.locator(".context").get_by_role("alert")
        await expect(refusal).to_contain_text("begins with http")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, HANDSET], ids=["desk", "handset"])
async def test_axe_finds_nothing_serious_on_the_page(
    browser: Browser, viewport: dict[str, int], scheme: str
) -> None:
    options = {"viewport": viewport, "color_scheme": scheme, "reduced_motion": "reduce"}
    async with staged(browser, **options) as stage:  # type: ignore[arg-type]
        page = stage.screen.page
        assert await stumbles(page) == []
        await stage.writes("hello")
        await stage.bot_says(text="Hi", quick_replies=[REPLY])
        await stage.bot_tells("opened", user=stage.screen.user)
        await stage.bot_passes(stage.platform.agent.id, plan="sales", context_url="http://x")
        await stage.screen.says_owner(stage.platform.agent.name)
        panes = ["phone", "inbox", "agent", "notices", "log", "controls"]
        for pane in panes if viewport is HANDSET else ["log", "notices"]:
            await page.locator(f"[aria-controls={pane}]:visible").click()
            assert (pane, await stumbles(page)) == (pane, [])
        stage.bot.problems = [{"message": "Meta refuses the token.", "remedy": "Make a new one."}]
        await expect(page.locator("#trouble")).to_be_visible()
        assert await stumbles(page) == []
        await page.get_by_role("button", name="What the words on").click()
        assert await stumbles(page) == []


REPLY = {"content_type": "text", "title": "Fine", "payload": "/x"}
