"""The people on the page, faults, and the protocol log."""

from __future__ import annotations

from playwright.async_api import expect

from tests.stack.browser.chat_screen import ChatScreen


async def test_a_fault_is_shown_while_it_lasts_and_can_be_cleared(screen: ChatScreen) -> None:
    active = screen.controls.get_by_role("list", name="Active faults")
    await screen.controls.get_by_label("Fault", exact=True).select_option("613: rate limit")
    await screen.controls.get_by_role("spinbutton").fill("9")
    await screen.controls.get_by_role("button", name="Throw").click()
    await expect(active).to_have_text("Graph: error 613, 9 ×")
    await screen.controls.get_by_role("button", name="Clear faults").click()
    await expect(active.get_by_role("listitem")).to_have_count(0)
    assert await screen.platform.call("GET", "faults") == {"calls": [], "webhooks": {}}


async def test_a_fault_that_has_happened_is_gone_and_the_bot_answers_once_all_the_same(
    screen: ChatScreen,
) -> None:
    active = screen.controls.get_by_role("list", name="Active faults")
    await screen.controls.get_by_label("Fault", exact=True).select_option("Webhooks come twice")
    await screen.controls.get_by_role("spinbutton").fill("1")
    await screen.controls.get_by_role("button", name="Throw").click()
    await expect(active).to_have_text("Webhooks: double, 1 ×")
    await screen.writes("goodbye")
    await screen.shows("Goodbye!")
    await expect(active.get_by_role("listitem")).to_have_count(0)
    await screen.writes("thank you")
    await screen.shows("You're welcome!")
    await expect(screen.phone.get_by_text("Goodbye!")).to_have_count(1)


async def test_the_log_shows_webhooks_and_calls_and_can_be_filtered(screen: ChatScreen) -> None:
    await screen.is_handed_over()
    entries = screen.log.locator("#log-entries > li")
    passed = entries.filter(has_text="POST /me/pass_thread_control to Page Inbox")
    await expect(passed).to_have_count(1)
    await passed.get_by_text("POST /me/pass_thread_control").click()
    await expect(passed.locator("pre")).to_contain_text('"appsecret_proof": "***"')
    await screen.log.get_by_role("button", name="Graph calls").click()
    await expect(passed).to_have_count(0)
    await screen.log.get_by_role("searchbox").fill("page inbox (")
    await expect(entries).to_have_count(0)
    await screen.log.get_by_role("searchbox").fill("passed the thread")
    await expect(entries).to_have_count(1)


async def test_a_new_person_on_instagram_has_the_inbox_of_instagram(screen: ChatScreen) -> None:
    await screen.page.get_by_role("button", name="Add…").click()
    dialog = screen.page.get_by_role("dialog", name="Add a person")
    await dialog.get_by_label("Name").fill("Katherine Johnson")
    await dialog.get_by_label("Instagram").check()
    await dialog.get_by_role("button", name="Add").click()
    await expect(dialog).to_be_hidden()
    await expect(screen.phone).to_contain_text("Katherine Johnson on Instagram")
    await screen.is_handed_over()
    await screen.says_owner("Instagram Inbox")
    await expect(screen.inbox).to_contain_text("Has the thread")
