"""The banner that says that the bot does not answer, and why."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.stack.browser.chat_screen import ChatScreen
from tests.stack.browser.scripted_bot import staged


def trouble_on(screen: ChatScreen) -> Locator:
    return screen.page.locator("#trouble")


async def test_a_bot_that_does_not_run_is_said_to_be_away_and_to_be_back(browser: Browser) -> None:
    async with staged(browser) as stage:
        trouble, app = trouble_on(stage.screen), f"apps/{stage.platform.bot.id}"
        away = "http://127.0.0.1:9/webhooks/facebook/webhook"
        await stage.platform.call("PUT", app, {"webhook": away})
        await expect(trouble).to_contain_text(f"nobody listens at {away}. Does it run?")
        await stage.platform.call("PUT", app, {"webhook": stage.webhook})
        await expect(trouble).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "refuses the signature"), (404, "no channel at this address"), (503, "it is starting")],
)
async def test_a_bot_that_takes_no_webhook_is_named_with_the_reason(
    browser: Browser, status: int, reason: str
) -> None:
    async with staged(browser) as stage:
        stage.bot.webhook_status = status
        await stage.writes("hello")
        await expect(trouble_on(stage.screen)).to_contain_text(reason)
        stage.bot.webhook_status = 200
        await stage.writes("hello again")
        await expect(trouble_on(stage.screen)).to_be_hidden()


async def test_what_the_bot_says_is_wrong_with_it_is_shown_with_the_remedy(
    browser: Browser,
) -> None:
    async with staged(browser) as stage:
        problem = {
            "part": "token",
            "message": "Meta refuses the token.",
            "remedy": "Make a new one.",
        }
        stage.bot.problems = [problem]
        trouble = trouble_on(stage.screen)
        await expect(trouble).to_have_text("Meta refuses the token. Make a new one.")
        await expect(trouble).to_have_attribute("role", "alert")


async def test_a_bot_that_takes_a_message_and_says_nothing_is_noticed(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await stage.screen.controls.get_by_role("button", name="+1 min").click()
        await expect(trouble_on(stage.screen)).to_contain_text("has not answered. Its server has")
        await stage.bot_says(text="I was away")
        await expect(trouble_on(stage.screen)).to_be_hidden()


async def test_a_bot_whose_answer_graph_refuses_is_shown_what_it_was(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await stage.platform.call("POST", "faults", {"calls": {"answer": "throttled_613"}})
        with pytest.raises(Exception, match="400"):
            await stage.bot_says(text="Hi")
        await stage.screen.controls.get_by_role("button", name="+1 min").click()
        await expect(trouble_on(stage.screen)).to_contain_text("Graph has refused its message")
        await expect(trouble_on(stage.screen)).to_contain_text("(613)")


async def test_a_bot_is_not_missed_where_people_have_the_thread(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await stage.bot_passes(stage.platform.inbox_app_id)
        await stage.writes("Is anybody there?")
        await stage.screen.controls.get_by_role("button", name="+1 min").click()
        await expect(stage.screen.controls.locator("#ahead")).to_contain_text("ahead")
        await expect(trouble_on(stage.screen)).to_be_hidden()
