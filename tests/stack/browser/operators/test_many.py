"""The operators' page in a real Chromium, with five thousand open handovers."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, expect

from tests.contract.operators.operator_stage import OPERATOR, OPERATOR_TOKEN, operator_stage
from tests.stack.browser.operators.many_handovers import store_handovers, user

MANY = 5000


async def test_of_five_thousand_fifty_are_shown_and_every_one_is_found(
    browser: Browser, tmp_path: Path
) -> None:
    await store_handovers(tmp_path, open_ones=MANY)
    async with operator_stage(tmp_path, **{"operator-token": OPERATOR_TOKEN}) as stage:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(f"{stage.url}/handovers/")
        await page.get_by_label("Token", exact=True).fill(OPERATOR_TOKEN)
        await page.get_by_role("button", name="Show").click()
        rows, number = page.locator("#open-rows tr"), page.locator("#page-number")
        await expect(rows).to_have_count(50)
        await expect(number).to_have_text(f"1 to 50 of {MANY}")
        await page.get_by_role("button", name="After").click()
        await expect(number).to_have_text(f"51 to 100 of {MANY}")
        await expect(page.get_by_text(f"{MANY} open, 3333 waiting")).to_be_visible()
        await page.get_by_label("Search in name, id, plan and app").fill(user(MANY - 1))
        await expect(rows).to_have_count(1)
        await expect(page.locator("#found")).to_have_text("1 found")
        await context.close()
        _, sheet = await stage.calls("GET", "/handovers/sessions.csv", headers=OPERATOR)
        assert len(sheet.splitlines()) == 1 + MANY
