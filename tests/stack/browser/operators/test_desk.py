"""The operators' page for whoever leads the team, in a real Chromium, with thirty handovers."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.contract.operators.operator_stage import OPERATOR_TOKEN, OperatorStage, operator_stage
from tests.stack.browser.axe import stumbles
from tests.stack.browser.operators.many_handovers import PAST_ONES, name, store_handovers, user
from tests.stack.browser.pictures import keep_if_failed

OPEN, PAST, TOLD = 30, 60, 20
DESK = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=375, height=700)
SAID = "What <b>can</b> I do for you?"

pytestmark = pytest.mark.timeout(300)  # axe looks at each of thirty rows


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OperatorStage]:
    """Thirty users wait or have had an answer; one more has just had one, and one is back."""
    directory = tmp_path_factory.mktemp("desk")
    await store_handovers(directory, open_ones=OPEN, past=PAST)
    keys = {"operator-token": OPERATOR_TOKEN, "transcript": True}
    async with operator_stage(directory, **keys) as running:
        for number in range(PAST):
            await running.control("POST", "users", id=user(PAST_ONES + number), name="Alan")
        for number in range(OPEN):
            called = name(number) if number < TOLD else user(number)
            await running.control("POST", "users", id=user(number), name=called)
        await running.is_with_operator(user(99), name="Edsger", says=SAID)
        await running.returns(user(99))
        await running.rates(user(99), {"score": 2, "comment": "It took <i>rather</i> long."})
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(
    stage: OperatorStage, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=DESK)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(f"a dialog: {dialog.message}"))
    addresses: list[str] = []
    page.on("request", lambda asked: addresses.append(asked.url))
    await page.goto(f"{stage.url}/handovers/")
    await sign_in(page)
    yield page
    await keep_if_failed(page, request.node)
    await context.close()
    assert errors == []
    assert [one for one in addresses if not one.startswith((stage.url, "blob:"))] == []


async def sign_in(page: Page) -> None:
    await page.get_by_label("Token", exact=True).fill(OPERATOR_TOKEN)
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("#open-rows tr").first).to_be_visible()


async def cells(page: Page, column: str) -> list[str]:
    return await page.locator(f"#open-rows td.{column}").all_inner_texts()


async def ids(page: Page) -> list[str]:
    """The users that are shown, whether their names are known yet or not."""
    openers = page.locator("#open-rows .name")
    shown: list[str] = await openers.evaluate_all(
        "all => all.map(one => one.title || one.textContent)"
    )
    return shown


def row(page: Page, words: str) -> Any:
    return page.locator("#open-rows tr").filter(has_text=words)


async def test_thirty_handovers_fit_on_one_screen_beside_the_statistics(page: Page) -> None:
    box = await page.locator("#open-rows tr").nth(OPEN - 1).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= DESK["height"]
    assert box["x"] + box["width"] <= DESK["width"]
    for chart in ("By reason", "Time to the first answer", "What users thought"):
        await expect(page.get_by_text(chart, exact=True)).to_be_in_viewport()


async def test_on_a_phone_nine_rows_are_on_the_first_screen(page: Page) -> None:
    await page.set_viewport_size(PHONE)
    box = await page.locator("#open-rows tr").nth(8).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_who_waits_longest_comes_first_and_the_title_counts_them(page: Page) -> None:
    waits = await cells(page, "waits")
    unanswered = await page.locator("#open-rows tr.unanswered").count()
    assert unanswered == 15
    assert [one.startswith("for your hours") for one in waits[15:20]] == [True] * 5
    assert all("answered in" in one or "again, " in one for one in waits[20:])
    minutes = [int(one.split()[0]) for one in waits[:unanswered] if one.endswith("min")]
    assert minutes == sorted(minutes, reverse=True)
    assert await page.title() == "(20) Handovers"
    await expect(page.get_by_text("30 open, 20 waiting")).to_be_visible()


async def test_users_and_apps_have_names_and_hostile_ones_stay_text(page: Page) -> None:
    await expect(row(page, "<img src=x onerror=alert(1)>").first).to_be_visible()
    await expect(row(page, "Grace Hopper").first).to_contain_text("Page Inbox")
    await expect(
        page.locator("#open-rows td.with", has_text="Demo Agent Desk").first
    ).to_be_visible()
    assert await page.locator("#open-rows img").count() == 0


async def test_a_search_and_a_filter_leave_what_is_looked_for(page: Page) -> None:
    await expect(row(page, "Ada Lovelace").first).to_be_visible()
    search = page.get_by_label("Search in name, id, plan and app")
    for words, found in (("lovel", ["Ada Lovelace"] * 2), (user(29)[-5:], [user(29)])):
        await search.fill(words)
        await expect(page.locator("#found")).to_have_text(f"{len(found)} found")
        assert await cells(page, "user") == found
    await search.fill("")
    await page.get_by_label("Waiting only").check()
    await expect(page.locator("#found")).to_have_text("20 found")
    await page.get_by_label("Plan", exact=True).select_option("sales")
    await expect(page.locator("#found")).to_have_text("5 found")
    assert set(await cells(page, "plan")) <= {"sales", "sales (bot failed)"}


async def test_whoever_signs_in_next_sees_all(page: Page) -> None:
    await page.get_by_label("Plan", exact=True).select_option("sales")
    await expect(page.locator("#found")).to_have_text("10 found")
    await page.get_by_role("button", name="Sign out").click()
    await sign_in(page)
    await expect(page.locator("#open-rows tr")).to_have_count(OPEN)


async def test_nothing_is_given_back_without_a_yes(page: Page, stage: OperatorStage) -> None:
    await row(page, user(28)).get_by_role("button", name="Give back").click()
    await expect(page.get_by_role("heading", name=f"thread of {user(28)}")).to_be_visible()
    await page.get_by_role("button", name="Leave it").click()
    status, found = await stage.calls("GET", f"/handovers/{user(28)}")
    assert (status, found["state"]) == (200, "active")


async def test_a_handover_is_opened_closed_and_leads_to_meta_s_inbox(page: Page) -> None:
    opener = page.locator("#past-rows tr").filter(has_text="Edsger").get_by_role("button")
    await expect(opener).to_be_visible()
    await opener.focus()
    await page.keyboard.press("Enter")
    story = page.get_by_role("dialog", name="Edsger")
    await expect(story.locator("#steps")).to_contain_text("First answer")
    await expect(story.locator("#steps")).to_contain_text("Ended: operator request")
    await expect(story.locator("#steps")).to_contain_text("It took <i>rather</i> long.")
    await expect(story.locator("#said")).to_contain_text(f"Team: {SAID}")
    link = story.get_by_role("link", name="Open the conversation in Meta's inbox")
    assert "selected_item_id=" + user(99) in (await link.get_attribute("href") or "")
    assert await link.get_attribute("rel") == "noreferrer noopener"
    assert await stumbles(page) == []
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()


async def test_a_story_that_comes_late_is_not_shown_as_another_user_s(page: Page) -> None:
    is_released, is_late = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await is_released.wait()
        await route.fulfill(response=answer)
        is_late.set()

    rows = page.locator("#open-rows tr button.name")
    await page.route("**/handovers/sessions/*", late, times=1)
    await rows.nth(0).click()
    await page.keyboard.press("Escape")
    await rows.nth(1).click()
    link = page.locator("#inbox-link")
    await expect(link).to_be_visible()
    shown = await link.get_attribute("href")
    async with page.expect_response("**/handovers/sessions/*") as answered:
        is_released.set()
    await (await answered.value).finished()
    await is_late.wait()
    await page.evaluate("() => new Promise((done) => setTimeout(done))")
    assert await link.get_attribute("href") == shown


async def test_the_history_has_reason_wait_and_feedback_and_can_be_saved(
    page: Page, tmp_path: Path
) -> None:
    past = page.locator("#past-rows tr").filter(has_text="Edsger")
    await expect(past).to_contain_text("operator request")
    await expect(past).to_contain_text("2 of 5: “It took <i>rather</i> long.”")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Save as CSV").click()
    await (await saving.value).save_as(tmp_path / "handovers.csv")
    with (tmp_path / "handovers.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == OPEN + PAST + 1
    assert "It took <i>rather</i> long." in [one["comment"] for one in rows]


async def test_the_history_is_turned_over(page: Page) -> None:
    await page.get_by_role("button", name="Earlier").click()
    await expect(page.locator("#past-page")).to_have_text(f"51 to {PAST + 1}")
    await page.get_by_role("button", name="Later").click()
    await expect(page.locator("#past-page")).to_have_text("1 to 50")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
async def test_axe_stumbles_over_nothing(
    page: Page, scheme: Literal["light", "dark"], viewport: ViewportSize
) -> None:
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.set_viewport_size(viewport)
    await expect(page.locator("#by-reason svg")).to_be_visible()
    assert await stumbles(page) == []


async def test_axe_would_stumble(page: Page) -> None:
    await page.evaluate("document.body.append(document.createElement('button'))")
    assert [one.split()[0] for one in await stumbles(page)] == ["button-name"]


async def test_rows_keep_their_places_while_somebody_is_at_them(
    page: Page, stage: OperatorStage
) -> None:
    before = await ids(page)
    await page.locator("#open-rows tr").nth(4).hover()
    over = page.locator("#open-rows tr", has_text=user(25))
    await page.locator("#open-rows tr").nth(4).hover()
    await stage.returns(user(25))
    async with page.expect_response(lambda answer: "order=need" in answer.url):
        await page.locator("#open-rows tr").nth(5).hover()
    await expect(over).to_contain_text("over")
    await expect(over.get_by_role("button", name="Give back")).to_be_disabled()
    assert await ids(page) == before
    await page.mouse.move(0, 0)
    await expect(over).to_have_count(0)


async def test_what_the_bot_refuses_is_told_until_it_is_dismissed(
    page: Page, stage: OperatorStage
) -> None:
    await row(page, user(22)).get_by_role("button", name="Give back").click()
    await stage.returns(user(22))
    await page.get_by_role("button", name="Give back to the bot").click()
    problem = page.get_by_role("alert")
    await expect(problem).to_contain_text("no open handover")
    await problem.get_by_role("button", name="Dismiss").click()
    await expect(problem).to_have_count(0)


async def test_a_bot_that_is_not_ready_is_told_and_forgotten_once_it_is(page: Page) -> None:
    async def is_starting(route: Any) -> None:
        await route.fulfill(status=503, json={"error": "The channel is starting; try again."})

    await page.route("**/handovers?*", is_starting)
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("The channel is starting")
    await expect(alert).to_contain_text("What you see is of")
    assert len(await cells(page, "user")) > 20
    await page.unroute("**/handovers?*")
    await expect(alert).to_have_count(0)


async def test_several_are_given_back_at_once(page: Page, stage: OperatorStage) -> None:
    shown = len(await cells(page, "user"))
    for number in (26, 27):
        await page.get_by_label(f"Choose the thread of {user(number)}").check()
    await page.get_by_role("button", name="Give back 2").click()
    await page.get_by_role("button", name="Give back to the bot").click()
    for number in (26, 27):
        await stage.until(user(number), lambda one: one is None)
    await expect(page.locator("#open-rows tr")).to_have_count(shown - 2)


async def test_the_times_run_on_without_the_bot(page: Page, stage: OperatorStage) -> None:
    await stage.is_with_operator(user(98), name="Barbara")
    waits = row(page, "Barbara").locator("td.waits")
    await expect(waits).to_contain_text(" s")
    await page.route("**/handovers?*", lambda route: route.abort())
    await expect(waits).not_to_have_text(await waits.inner_text())


async def test_who_was_written_to_without_having_asked_is_answered_in_no_time_at_all(
    page: Page, stage: OperatorStage
) -> None:
    await stage.is_with_operator(user(97), says="Your parcel is here.", name="Katherine")
    waits = page.locator("#open-rows tr", has_text="Katherine").locator(".waits")
    await expect(waits).to_have_text("answered")
    await stage.returns(user(97))
    await page.reload()
    past = page.locator("#past-rows tr", has_text="Katherine")
    await expect(past.locator(".first")).to_have_text("")
