"""Names of checks and of fields, and a page that `pages` has, as the doctor's tests need them."""

from __future__ import annotations

from typing import Any

from cli.doctor.checks.app import PAGE_FIELDS
from tests.contract.live_page import INSTAGRAM, PAGE, LivePage

ALL_PAGE_FIELDS = [*PAGE_FIELDS, "message_reads"]


def names(*groups: Any) -> set[str]:
    return {check.name for group in groups for check in group.CHECKS}


def configure_pages(page: LivePage, *, page_id: str = PAGE, instagram: str | None) -> None:
    """Write `pages` with one page, in place of its bare token."""
    one = {"page-access-token": page.section.pop("page-access-token")}
    if instagram is not None:
        one["instagram"] = instagram
    page.section["pages"] = {page_id: one}


def account() -> str:
    assert INSTAGRAM is not None
    return INSTAGRAM.id


def endpoints(page: LivePage) -> dict[str, Any]:
    assert page.endpoints is not None
    return page.endpoints


def redis(page: LivePage) -> None:
    endpoints(page)["lock_store"] = {"type": "redis", "url": "localhost"}


def postgresql_tracker_store(page: LivePage, url: str) -> None:
    section = {"type": "SQL", "dialect": "postgresql", "url": url}
    endpoints(page)["tracker_store"] = section
