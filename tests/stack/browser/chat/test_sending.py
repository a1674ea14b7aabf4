"""What people and operators send besides words, and what people do with their own messages."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, FilePayload, Locator, expect

from tests.stack.browser.scripted_bot import Stage, staged

PIXEL = (  # the smallest GIF
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
PICTURE = FilePayload(name="cat.gif", mimeType="image/gif", buffer=PIXEL)
TERMS = FilePayload(name="our terms.pdf", mimeType="application/pdf", buffer=b"%PDF-1.4")


async def attaches(pane: Locator, file: FilePayload) -> None:
    await pane.locator("input[type=file]").set_input_files(file)


async def newest_message(stage: Stage) -> dict[str, Any]:
    thread = await stage.platform.thread(stage.screen.user)
    return dict(thread["messages"][-1])


async def test_the_user_sends_a_picture_which_the_desks_show(browser: Browser) -> None:
    async with staged(browser) as stage:
        await attaches(stage.screen.phone, PICTURE)
        for pane in (stage.screen.phone, stage.screen.inbox, stage.screen.agent):
            picture = pane.get_by_role("log").get_by_role("img")
            await expect(picture).to_be_visible()
            assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)")
        assert (await newest_message(stage))["attachments"][0]["type"] == "image"


async def test_both_desks_send_pictures_and_files(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await expect(stage.screen.inbox.locator("input[type=file]")).to_be_enabled()
        await attaches(stage.screen.inbox, PICTURE)
        await expect(stage.screen.phone.get_by_role("log").get_by_role("img")).to_be_visible()
        await stage.screen.agent.get_by_role("button", name="Take").click()
        await expect(stage.screen.agent.locator("input[type=file]")).to_be_enabled()
        await attaches(stage.screen.agent, TERMS)
        link = stage.screen.phone.get_by_role("link", name="File: our terms.pdf")
        await expect(link).to_be_visible()
        address = await link.get_attribute("href")
        assert address is not None
        assert await (await stage.screen.page.request.get(address)).body() == TERMS["buffer"]


async def test_an_app_that_may_not_write_may_send_no_file(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        await expect(stage.screen.agent.locator("input[type=file]")).to_be_disabled()


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.screen.page.evaluate(
            """() => {
              const files = new DataTransfer();
              files.items.add(new File([new Uint8Array(26 * 1024 ** 2)], "film.mp4"));
              const field = document.querySelector("#phone input[type=file]");
              field.files = files.files;
              field.dispatchEvent(new Event("change"));
            }"""
        )
        refusal = stage.screen.phone.get_by_role("alert")
        await expect(refusal).to_have_text("Meta takes files of up to 25 MB; “film.mp4” has more.")


async def test_the_user_edits_a_message(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("Ten pieces")
        await stage.screen.phone.get_by_role("button", name="Change or take back: Ten").click()
        dialog = stage.screen.page.get_by_role("dialog", name="The user's own message")
        await dialog.get_by_role("textbox").fill("Twelve pieces")
        await dialog.get_by_role("button", name="Save the edit").click()
        await expect(dialog).to_be_hidden()
        for pane in (stage.screen.phone, stage.screen.inbox, stage.screen.agent):
            await expect(pane.get_by_role("log")).to_contain_text("Twelve pieces")
            await expect(pane.get_by_role("log")).not_to_contain_text("Ten pieces")
        assert (await newest_message(stage))["text"] == "Twelve pieces"


async def test_the_sixth_edit_is_refused_in_the_dialog(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("0")
        mid = (await newest_message(stage))["mid"]
        for number in range(5):
            edit = {"mid": mid, "text": f"{number}"}
            await stage.platform.call("POST", f"users/{stage.screen.user}/edits", edit)
        await stage.screen.phone.get_by_role("button", name="Change or take back").click()
        dialog = stage.screen.page.get_by_role("dialog", name="The user's own message")
        await dialog.get_by_role("textbox").fill("Once more")
        await dialog.get_by_role("button", name="Save the edit").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("at most 5 times")


async def test_the_user_takes_a_message_back(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("My card is 4711")
        await stage.screen.phone.get_by_role("button", name="Change or take back").click()
        await stage.screen.page.get_by_role("button", name="Take it back").click()
        for pane in (stage.screen.phone, stage.screen.inbox, stage.screen.agent):
            await expect(pane.get_by_role("log")).to_contain_text("Taken back")
            await expect(pane.get_by_role("log")).not_to_contain_text("4711")
        assert (await stage.platform.thread(stage.screen.user))["messages"] == []


async def test_a_message_that_was_taken_back_stays_so_after_a_reload(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("My card is 4711")
        await stage.screen.phone.get_by_role("button", name="Change or take back").click()
        await stage.screen.page.get_by_role("button", name="Take it back").click()
        await stage.screen.page.reload()
        await stage.screen.shows("Taken back")


async def test_what_is_no_message_is_done_by_buttons(browser: Browser) -> None:
    async with staged(browser) as stage:
        await stage.writes("hello")
        for button, shown, field in (
            ("Come by a link", "came by a link", "referral"),
            ("Opt in", "opted in", "optin"),
            ("Link an account", "linked an account", "account_linking"),
        ):
            await stage.screen.phone.get_by_label("What else the user can do").click()
            await stage.screen.phone.get_by_role("button", name=button).click()
            await expect(stage.screen.inbox).to_contain_text(f"Grace Hopper {shown}")
            webhook = stage.screen.log.locator("li").filter(
                has_text=f"messaging → Demo Bot: {field}"
            )
            await expect(webhook).to_have_count(1)


async def test_the_menu_of_acts_needs_no_mouse(browser: Browser) -> None:
    async with staged(browser) as stage:
        more = stage.screen.phone.get_by_label("What else the user can do")
        await more.press("Enter")
        link = stage.screen.phone.get_by_role("button", name="Come by a link")
        await stage.screen.page.keyboard.press("Tab")
        await expect(link).to_be_focused()
        await stage.screen.page.keyboard.press("Escape")
        await expect(link).to_be_hidden()
        await expect(more).to_be_focused()


async def test_on_instagram_there_is_nothing_but_the_link(browser: Browser) -> None:
    async with staged(browser) as stage:
        person = stage.screen.page.get_by_label("Person", exact=True)
        await person.select_option("17860000000000001")
        await stage.screen.phone.get_by_label("What else the user can do").click()
        menu = stage.screen.phone
        await expect(menu.get_by_role("button", name="Come by a link")).to_be_enabled()
        await expect(menu.get_by_role("button", name="Opt in")).to_be_disabled()
        await expect(menu.get_by_role("button", name="Link an account")).to_be_disabled()
