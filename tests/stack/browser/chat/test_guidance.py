"""What the page tells somebody who sees it for the first time: what to try, what words mean, what
can be done.
"""

from __future__ import annotations

from playwright.async_api import Browser, Locator, expect

from tests.stack.browser.chat_screen import ChatScreen
from tests.stack.browser.scripted_bot import HANDSET, staged

OTHER_WORDS = ("On", "Off", "Legacy", "Throw", "everyone", "recorded", "messaging", "standby")


async def is_at_step(screen: ChatScreen, words: str) -> None:
    await expect(screen.page.locator("#first-steps [aria-current=step]")).to_contain_text(words)


async def test_the_page_says_what_to_try_first_and_what_comes_next(browser: Browser) -> None:
    async with staged(browser) as stage:
        screen = stage.screen
        await is_at_step(screen, "write that you want a person")
        await screen.phone.get_by_role("button", name="I want to talk to a person").click()
        await screen.shows("I want to talk to a person")
        await stage.bot_passes(stage.platform.inbox_app_id)
        await is_at_step(screen, "answer in the Page Inbox")
        await screen.replies(screen.inbox, "Bob here")
        await is_at_step(screen, "write “menu”")
        await screen.phone.get_by_role("button", name="menu").click()
        await stage.bot_calls("take_thread_control")
        await is_at_step(screen, "Next: ask for sales")


async def test_what_to_say_first_is_offered_until_it_is_said(browser: Browser) -> None:
    async with staged(browser) as stage:
        pill = stage.screen.phone.get_by_role("button", name="I want to talk to a person")
        await pill.click()
        await stage.screen.shows("I want to talk to a person")
        await expect(stage.screen.phone.get_by_label("Write as the user")).to_be_focused()
        await expect(stage.screen.phone.locator(".pill")).to_have_count(0)


async def test_each_word_of_metas_has_a_word_of_help(browser: Browser) -> None:
    async with staged(browser) as stage:
        screen = stage.screen
        words: list[Locator] = [
            pane.get_by_role("button", name=verb, exact=True)
            for pane in (screen.inbox, screen.agent)
            for verb in ("Take", "Request", "Release", "Pass to")
        ]
        words += [
            screen.controls.get_by_role("button", name=name, exact=True)
            for name in ("On", "Off", "Legacy", "Throw")
        ]
        await stage.writes("hello")
        recorded = screen.log.locator(".status").get_by_text("recorded").first
        words += [screen.log.locator("label").filter(has_text="everyone"), recorded]
        for word in words:
            assert len(await word.get_attribute("title") or "") > 20, word


async def test_all_words_are_explained_in_one_place_by_keyboard_too(browser: Browser) -> None:
    async with staged(browser, viewport=HANDSET) as stage:
        help_button = stage.screen.page.get_by_role(
            "button", name="What the words on this page mean"
        )
        await help_button.press("Enter")
        dialog = stage.screen.page.get_by_role("dialog", name="What the words mean")
        for word in (
            "Take",
            "Request",
            "Release",
            "Pass to",
            "Legacy",
            "Throw",
            "everyone",
            "recorded",
        ):
            await expect(dialog.get_by_role("term").get_by_text(word, exact=True)).to_be_attached()
        await stage.screen.page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(help_button).to_be_focused()


async def test_a_line_of_the_log_says_what_became_of_it(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        line = stage.screen.log.locator("details").filter(has_text="recorded").first
        await line.locator("summary").click()
        await expect(line.locator(".meaning")).to_contain_text("has no webhook address")


def verb(pane: Locator, name: str) -> Locator:
    return pane.get_by_role("button", name=name, exact=True)


async def test_only_what_an_app_may_do_now_is_offered(browser: Browser) -> None:
    async with staged(browser) as stage:
        screen, inbox, agent = stage.screen, stage.screen.inbox, stage.screen.agent
        for name in ("Send", "Request", "Release"):  # nobody has written
            await expect(verb(inbox, name)).to_be_disabled()
        await stage.writes("hello")  # the bot has it
        await expect(verb(inbox, "Send")).to_be_enabled()  # a reply takes the thread
        await expect(verb(agent, "Send")).to_be_disabled()
        await expect(verb(agent, "Take")).to_be_enabled()
        await expect(verb(agent, "Pass to")).to_be_disabled()
        await verb(agent, "Take").click()
        for name in ("Send", "Release", "Pass to"):
            await expect(verb(agent, name)).to_be_enabled()
        for name in ("Take", "Request"):
            await expect(verb(agent, name)).to_be_disabled()
        await screen.controls.get_by_role("button", name="Off", exact=True).click()
        await expect(verb(inbox, "Take")).to_be_disabled()
        await expect(verb(inbox, "Request")).to_be_enabled()


async def test_nothing_can_be_read_before_something_has_come(browser: Browser) -> None:
    async with staged(browser) as stage:
        read = stage.screen.phone.get_by_role("button", name="Mark as read")
        await expect(read).to_be_disabled()
        await stage.writes("hello")
        await stage.bot_says(text="Hi")
        await expect(read).to_be_enabled()


async def test_what_may_not_be_done_says_why_in_metas_words(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        send = verb(stage.screen.agent, "Send")
        await expect(send).to_be_disabled()
        assert "another app is controlling this thread" in (await send.get_attribute("title") or "")
        await expect(stage.screen.agent.locator(".hint")).to_have_text(
            "Stands by. Take the thread to reply."
        )


async def test_what_was_begun_before_the_thread_went_away_is_not_lost(browser: Browser) -> None:
    async with staged(browser) as stage:
        agent = stage.screen.agent
        await stage.writes("hello")
        await verb(agent, "Take").click()
        await expect(verb(agent, "Send")).to_be_enabled()
        await agent.get_by_role("textbox").fill("Your order is")
        await stage.bot_calls("take_thread_control")
        await expect(verb(agent, "Send")).to_be_disabled()
        await agent.get_by_role("textbox").press("Enter")
        await expect(agent.get_by_role("textbox")).to_have_value("Your order is")


async def test_receipts_and_echoes_are_folded_away_until_they_are_asked_for(
    browser: Browser,
) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await stage.bot_says(text="Hi")
        entries = stage.screen.log.locator("#log-entries > li")
        await expect(entries.filter(has_text="message “hello”").first).to_be_visible()
        await expect(entries.filter(has_text="echo of Demo Bot")).to_have_count(0)
        await expect(entries.filter(has_text="delivery")).to_have_count(0)
        await stage.screen.log.get_by_role("button", name="Receipts and echoes").click()
        await expect(entries.filter(has_text="echo of Demo Bot").first).to_be_visible()
        await expect(entries.filter(has_text="delivery").first).to_be_visible()


async def test_a_pane_that_is_not_seen_is_marked_when_something_new_is_in_it(
    browser: Browser,
) -> None:
    async with staged(browser, viewport=HANDSET) as stage:
        tabs = stage.screen.page.get_by_role("navigation", name="Panes")
        await expect(tabs.get_by_role("button", name="(new)")).to_have_count(0)
        await stage.writes("hello")
        inbox = tabs.get_by_role("button", name="Inbox (new)")
        await expect(inbox).to_be_visible()
        await inbox.click()
        await expect(tabs.get_by_role("button", name="Inbox", exact=True)).to_be_visible()
        await stage.bot_says(text="Hi")
        await expect(tabs.get_by_role("button", name="Phone (new)")).to_be_visible()
        await stage.bot_tells("opened", user=stage.screen.user)
        await expect(tabs.get_by_role("button", name="Notices (new)")).to_be_visible()


async def test_what_was_there_before_is_no_news(browser: Browser) -> None:
    async with staged(browser, viewport=HANDSET) as stage:
        await stage.writes("hello")
        await stage.screen.page.reload()
        await stage.screen.shows("hello")
        tabs = stage.screen.page.get_by_role("navigation", name="Panes")
        await expect(tabs.get_by_role("button", name="(new)")).to_have_count(0)
