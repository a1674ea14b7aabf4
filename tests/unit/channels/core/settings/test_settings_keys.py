"""Keys of the channel's section that are missing, wrong or not even keys: one clear error each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.channels.core.settings.settings_samples import (
    CHANNEL_KEYS,
    MARK,
    PLAN_KEYS,
    REQUIRED,
    complaint_about,
)


@pytest.mark.parametrize("key", REQUIRED)
def test_a_required_key_can_not_be_missing(key: str) -> None:
    section = {name: value for name, value in REQUIRED.items() if name != key}
    start = f"channels.MessengerInput.{key} is missing in credentials.yml. "
    assert complaint_about(section).startswith(start)


@pytest.mark.parametrize("key", REQUIRED)
def test_what_to_do_about_a_missing_key_is_said(key: str) -> None:
    section = {name: value for name, value in REQUIRED.items() if name != key}
    assert " settings > " in complaint_about(section).lower()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("page_access_token", "page-access-token"),
        ("verify-token", "verify"),
        ("app_id", "app-id"),
        ("Store", "store"),
        ("plan", "plans"),
    ],
)
def test_a_key_that_is_nearly_right_gets_a_hint(wrong: str, right: str) -> None:
    assert complaint_about({**REQUIRED, wrong: MARK}) == (
        f"channels.MessengerInput has no key '{wrong}'. Did you mean '{right}'? "
        f"Allowed are: {CHANNEL_KEYS}."
    )


@pytest.mark.parametrize("wrong", ["xyz", 7, None, True])
def test_a_key_that_is_like_none_is_told_which_are_allowed(wrong: Any) -> None:
    assert complaint_about({**REQUIRED, wrong: MARK}) == (
        f"channels.MessengerInput has no key {wrong!r}. Allowed are: {CHANNEL_KEYS}."
    )


def test_a_wrong_key_in_a_plan_is_told_which_are_allowed() -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": {"keyword": ["menu"]}}})
    assert told == (
        "channels.MessengerInput.plans.default has no key 'keyword'. Did you mean 'keywords'? "
        f"Allowed are: {PLAN_KEYS}."
    )


@pytest.mark.parametrize(
    ("section", "found"), [(None, "empty"), (MARK, "not a mapping"), ([MARK], "not a mapping")]
)
def test_a_section_without_keys_is_told_to_have_some(section: object, found: str) -> None:
    assert complaint_about(section) == (
        f"channels.MessengerInput in credentials.yml is {found}. Indent its keys under it."
    )


def test_a_plan_that_is_no_mapping_is_told_to_be_one() -> None:
    assert complaint_about({**REQUIRED, "plans": {"sales": "42"}}) == (
        "channels.MessengerInput.plans.sales in credentials.yml is not a mapping. "
        "Indent its keys under it."
    )
