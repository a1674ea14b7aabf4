"""Whole handovers by clicking: the user, the Page Inbox, the agents' app and the clock."""

from __future__ import annotations

from playwright.async_api import expect

from tests.stack.browser.chat_screen import ChatScreen

FEEDBACK = "How was the chat with our team?"
PEOPLE = "Page Inbox"


async def test_a_user_talks_to_the_inbox_and_comes_back_by_a_keyword(screen: ChatScreen) -> None:
    await screen.is_handed_over()
    await screen.says_owner(PEOPLE)
    await expect(screen.inbox).to_contain_text("Has the thread")
    await screen.replies(screen.inbox, "Bob here. What can I do for you?")
    await screen.shows("Bob here. What can I do for you?")
    await screen.writes("menu")
    await screen.is_owned_by_the_bot()
    await screen.shows("As you asked, you are back with the bot", FEEDBACK)


async def test_the_agents_app_gets_the_context_and_passes_the_thread_back(
    screen: ChatScreen,
) -> None:
    await screen.is_handed_over("I want to talk to sales")
    await screen.says_owner(screen.platform.agent.name)
    await expect(
        screen.agent.get_by_role("definition").filter(has_text="sales").first
    ).to_be_visible()
    await screen.replies(screen.agent, "Your quote is on its way.")
    await screen.shows("Your quote is on its way.")
    await screen.agent.get_by_role("button", name="Pass to").click()
    await screen.is_owned_by_the_bot()
    await screen.shows("Our colleague has handed you back to me", FEEDBACK)


async def test_half_an_hour_on_the_clock_ends_a_handover(screen: ChatScreen) -> None:
    await screen.is_handed_over()
    await screen.says_owner(PEOPLE)
    await screen.controls.get_by_role("button", name="+30 min").click()
    await screen.shows("The time for this chat with our team is over", FEEDBACK)
    await screen.is_owned_by_the_bot()
    await expect(screen.controls.locator("#ahead")).to_contain_text("ahead")


async def test_a_day_on_the_clock_leaves_a_quiet_thread_to_nobody(screen: ChatScreen) -> None:
    await screen.writes("goodbye")
    await screen.shows("Goodbye!")
    await screen.is_owned_by_the_bot()
    await screen.controls.get_by_role("button", name="+24 h").click()
    await screen.says_owner("Nobody")
    await expect(screen.inbox).to_contain_text("control expired")


async def test_buttons_are_tapped_on_the_phone(screen: ChatScreen) -> None:
    await screen.writes("hello")
    await screen.phone.get_by_role("button", name="Talk to a person").click()
    await screen.says_owner(PEOPLE)
    await expect(screen.inbox).to_contain_text("Grace Hopper tapped")
    await screen.writes("back to bot")
    await screen.phone.get_by_role("button", name="Good", exact=True).click()
    await screen.shows("Glad to hear it")


async def test_the_inbox_takes_and_releases_a_thread(screen: ChatScreen) -> None:
    await screen.writes("goodbye")
    await screen.shows("Goodbye!")
    await screen.inbox.get_by_role("button", name="Take").click()
    await screen.says_owner(PEOPLE)
    await screen.inbox.get_by_role("button", name="Release").click()
    await screen.says_owner("Nobody")
    await expect(screen.agent).to_contain_text("Page Inbox released the thread")


async def test_with_routing_off_an_app_gets_an_idle_thread_by_asking_for_it(
    screen: ChatScreen,
) -> None:
    await screen.controls.get_by_role("button", name="Off", exact=True).click()
    await expect(screen.controls.get_by_role("button", name="Off", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    await screen.writes("goodbye")
    await screen.shows("Goodbye!")
    await screen.agent.get_by_role("button", name="Request").click()
    await screen.says_owner(screen.platform.agent.name)


async def test_a_refusal_is_shown_where_it_was_asked_for(screen: ChatScreen) -> None:
    await screen.is_handed_over("I want to talk to sales")
    await screen.says_owner(screen.platform.agent.name)
    too_long = "x" * 2_001
    await screen.replies(screen.agent, too_long)
    await expect(screen.agent.get_by_role("alert")).to_contain_text("Refused with 100")
    await expect(screen.agent.get_by_role("textbox")).to_have_value(too_long)


async def test_seen_and_typing_are_shown_as_on_a_phone(screen: ChatScreen) -> None:
    await screen.agent.get_by_role("button", name="Take").click()
    await screen.says_owner(screen.platform.agent.name)
    await screen.writes("Is anybody there?")
    await screen.shows("Is anybody there?")
    recipient = {"recipient": {"id": screen.user}}
    await screen.platform.agent_calls("messages", {**recipient, "sender_action": "mark_seen"})
    await expect(screen.phone.get_by_text("Seen", exact=True)).to_be_visible()
    await screen.platform.agent_calls("messages", {**recipient, "sender_action": "typing_on"})
    await expect(screen.phone.locator(".typing")).to_be_visible()
    await screen.replies(screen.agent, "Yes, we are.")
    await screen.shows("Yes, we are.")
    await expect(screen.phone.locator(".typing")).to_have_count(0)
    await screen.phone.get_by_role("button", name="Mark as read").click()
    await expect(screen.agent).to_contain_text("Read by Grace Hopper")
