"""Pictures of pages, as tests that failed have left them."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page

from demo.stack import PROJECT
from tests.stack.forks.told_logs import HAS_FAILED

PICTURES = PROJECT / "build" / "screenshots"


async def keep_if_failed(page: Page, test: pytest.Item, *, full_page: bool = False) -> None:
    """Keep a picture of the page in build/ if its test has failed."""
    if test.stash.get(HAS_FAILED, False):
        name = re.sub(r"[^\w\[\]-]+", "-", test.name)  # artefacts are kept on any file system
        await page.screenshot(path=PICTURES / f"{test.path.stem}-{name}.png", full_page=full_page)
