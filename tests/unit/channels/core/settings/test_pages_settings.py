"""Several pages, and which apps get a thread that they ask for."""

from __future__ import annotations

from typing import Any

import pytest

from channels.core.errors import SettingsError
from channels.core.events import Platform, Thread
from channels.core.settings.settings import Settings, parse_settings

SECTION = {"verify": "v", "secret": "s", "app-id": "9"}
PAGES: dict[Any, Any] = {
    "111": {"page-access-token": "T0KEN-one"},
    222: {
        "page-access-token": "T0KEN-two",
        "instagram": "178",
        "plans": {"default": {"timeout": "1h"}, "sales": {"target-app": "77"}},
    },
}
ON_FIRST, ON_SECOND = Thread(page="111", user="42"), Thread(page="222", user="42")
ON_INSTAGRAM = Thread(page="178", user="42", platform=Platform.INSTAGRAM)


def with_pages(pages: Any, **keys: Any) -> Settings:
    return parse_settings({**SECTION, "pages": pages, **keys})


def test_each_page_has_its_own_token() -> None:
    pages = with_pages(PAGES).pages
    tokens = {page: one.page_access_token for page, one in pages.items()}
    assert tokens == {"111": "T0KEN-one", "222": "T0KEN-two"}


def test_a_page_without_plans_of_its_own_has_the_channels() -> None:
    settings = with_pages(PAGES, plans={"support": {"target-app": "88"}})
    assert settings.plans_of("111") == settings.plans


@pytest.mark.parametrize("page", ["222", "178"])
def test_a_pages_own_plans_stand_beside_the_channels_and_before_them(page: str) -> None:
    plans = with_pages(PAGES, plans={"support": {"target-app": "88"}}).plans_of(page)
    assert plans.keys() == {"default", "support", "sales"}
    assert plans["default"].timeout.total_seconds() == 3600


def test_a_page_without_a_token_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"pages\.111\.page-access-token is missing"):
        with_pages({"111": {}})


def test_a_page_that_is_no_id_is_refused() -> None:
    with pytest.raises(SettingsError, match="has a page 'my page'; write the page's id, a number"):
        with_pages({"my page": {"page-access-token": "t"}})


def test_a_page_that_is_named_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="pages has a page twice, once in quotes"):
        with_pages({"111": PAGES["111"], 111: {"page-access-token": "T0KEN-other"}})


@pytest.mark.parametrize("instagram", ["111", "222", "178"])
def test_an_id_that_two_have_is_refused(instagram: str) -> None:
    first = {"page-access-token": "t", "instagram": instagram}
    with pytest.raises(SettingsError, match=rf"pages has the id {instagram} twice\."):
        with_pages({**PAGES, "111": first})


def test_one_page_and_several_are_refused_together() -> None:
    with pytest.raises(SettingsError, match="has both page-access-token and pages"):
        with_pages(PAGES, **{"page-access-token": "t"})


def test_no_page_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match="page-access-token is missing"):
        parse_settings(SECTION)


def test_no_token_shows_in_a_repr() -> None:
    assert "T0KEN" not in repr(with_pages(PAGES))


@pytest.mark.parametrize(
    ("policy", "granted"),
    [("plans", {"77", "1217981644879628"}), ("all", {"77", "5", "1217981644879628"})],
)
def test_the_policy_says_which_apps_get_a_thread(policy: str, granted: set[str]) -> None:
    settings = with_pages(PAGES, requests=policy)
    asking = ("77", "5", "1217981644879628")
    assert {app for app in asking if settings.may_have(ON_INSTAGRAM, app)} == granted


def test_the_apps_of_another_pages_plans_get_nothing() -> None:
    settings = with_pages(PAGES)
    assert settings.may_have(ON_SECOND, "77")
    assert not settings.may_have(ON_FIRST, "77")


def test_a_list_grants_its_apps_alone() -> None:
    settings = with_pages(PAGES, requests=["5"])
    assert settings.may_have(ON_FIRST, "5")
    assert not settings.may_have(ON_SECOND, "77")


def test_none_grants_nothing() -> None:
    assert not with_pages(PAGES, requests="none").may_have(ON_FIRST, "263902037430900")


@pytest.mark.parametrize(
    "changes",
    [
        {"page-access-token": "t", "plans": {"mine": {"target-app": "9"}}},
        {"pages": {"1": {"page-access-token": "t", "plans": {"mine": {"target-app": "9"}}}}},
    ],
    ids=["the channel's", "a page's"],
)
def test_a_plan_can_not_hand_over_to_the_bot_itself(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"the plan mine has 'target-app: 9', which is the bot"):
        parse_settings({**SECTION, **changes})
