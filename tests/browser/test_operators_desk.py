"""The operators' page for whoever leads the team, in a real Chromium, with many handovers."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.browser.axe import stumbles
from tests.browser.chat_screen import SCREENSHOTS
from tests.contract.operators.operator_stage import ADMIN_TOKEN, OperatorStage, operator_stage

DESK = 30
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=375, height=700)


def user(number: int) -> str:
    return f"248701654326{number:05d}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OperatorStage]:
    """Thirty users with an operator, every third of whom has had an answer; one is back."""
    async with operator_stage(tmp_path_factory.mktemp("desk")) as running:
        for number in range(DESK):
            await running.is_with_operator(user(number), says=None if number % 3 else "Hi")
        await running.is_with_operator(user(99), says="Hi")
        await running.returns(user(99))
        await running.rates(user(99), {"score": 2, "comment": "It took rather long."})
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(
    stage: OperatorStage, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{stage.url}/handovers/")
    await page.get_by_label("Admin token").fill(ADMIN_TOKEN)
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("#open-rows tr").first).to_be_visible()
    yield page
    await page.screenshot(path=SCREENSHOTS / f"desk-{request.node.name}.png")
    await context.close()
    assert errors == []


async def shown(page: Page) -> list[str]:
    return await page.locator("#open-rows tr td:nth-child(2)").all_inner_texts()


async def test_thirty_handovers_fit_on_one_screen_beside_the_statistics(page: Page) -> None:
    last = page.locator("#open-rows tr").nth(DESK - 1)
    box = await last.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
    await expect(page.get_by_role("heading", name="Ended")).to_be_in_viewport()


async def test_who_waits_longest_comes_first_and_the_title_counts_them(page: Page) -> None:
    users = await shown(page)
    waiting = [user(number) for number in range(DESK) if number % 3]
    assert users == [*waiting, *(user(number) for number in range(0, DESK, 3))]
    assert await page.title() == f"({len(waiting)}) Handovers"
    await expect(page.locator("#open-rows tr").first).to_contain_text("for ")
    await expect(page.locator("#open-rows tr").last).to_contain_text("answered after")


async def test_a_search_and_a_filter_leave_what_is_looked_for(page: Page) -> None:
    await page.get_by_label("Search in user, plan and app").fill(user(4)[-4:])
    assert await shown(page) == [user(4)]
    await page.get_by_label("Search in user, plan and app").fill("")
    await page.get_by_label("Without an answer").check()
    assert len(await shown(page)) == 20


async def test_nothing_is_given_back_without_a_yes(page: Page, stage: OperatorStage) -> None:
    await page.get_by_role("button", name=f"Give back the thread of {user(1)}").click()
    await page.get_by_role("button", name="Leave it").click()
    status, found = await stage.calls("GET", f"/handovers/{user(1)}")
    assert (status, found["state"]) == (200, "active")


async def test_the_history_has_reason_wait_and_feedback_and_can_be_saved(
    page: Page, tmp_path: Path
) -> None:
    row = page.locator("#past-rows tr").filter(has_text=user(99))
    await expect(row).to_contain_text("operator request")
    await expect(row).to_contain_text("2 of 5: “It took rather long.”")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Save as CSV").click()
    await (await saving.value).save_as(tmp_path / "handovers.csv")
    with (tmp_path / "handovers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == DESK + 1
    assert rows[-1]["comment"] == "It took rather long."


async def test_several_are_given_back_at_once(page: Page, stage: OperatorStage) -> None:
    for number in (28, 29):
        await page.get_by_label(f"Choose the thread of {user(number)}").check()
    await page.get_by_role("button", name="Give back 2").click()
    await page.get_by_role("button", name="Give back to the bot").click()
    for number in (28, 29):
        await stage.until(user(number), lambda one: one is None)
    await expect(page.locator("#open-rows tr")).to_have_count(DESK - 2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
async def test_axe_stumbles_over_nothing(
    page: Page, scheme: Literal["light", "dark"], viewport: ViewportSize
) -> None:
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.set_viewport_size(viewport)
    assert await stumbles(page) == []


async def test_axe_would_stumble(page: Page) -> None:
    await page.evaluate("document.body.append(document.createElement('button'))")
    assert [one.split()[0] for one in await stumbles(page)] == ["button-name"]
