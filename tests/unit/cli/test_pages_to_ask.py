"""Which Pages a command looks at, and whose users are whose."""

from __future__ import annotations

from typing import Any

import pytest

from channels.core.settings.settings import Settings, parse_settings
from cli.credentials.pages import PageToAsk, pages_to_ask

PAGES = {
    "111": {"page-access-token": "T0KEN-one"},
    "222": {
        "page-access-token": "T0KEN-two",
        "instagram": "178",
        "plans": {"sales": {"target-app": "77"}},
    },
}


def settings_with(**keys: Any) -> Settings:
    return parse_settings({"verify": "v", "secret": "s", "app-id": "9", **keys})


def test_the_one_page_is_asked_whatever_its_id() -> None:
    plans = {"sales": {"target-app": "77"}, "support": {"target-app": "55"}}
    [page] = pages_to_ask(settings_with(**{"page-access-token": "t", "plans": plans}))
    assert page == PageToAsk(
        id=None, page_access_token="t", instagram=None, agent_apps=("55", "77")
    )
    assert page.has("42")


def test_of_several_each_is_asked_with_its_own_token_and_apps() -> None:
    first, second = pages_to_ask(settings_with(pages=PAGES))
    assert first == PageToAsk(
        id="111", page_access_token="T0KEN-one", instagram=None, agent_apps=()
    )
    assert second == PageToAsk(
        id="222", page_access_token="T0KEN-two", instagram="178", agent_apps=("77",)
    )


@pytest.mark.parametrize("sender_id", ["222:42", "178:42"])
def test_a_user_belongs_to_the_page_that_the_sender_id_names(sender_id: str) -> None:
    first, second = pages_to_ask(settings_with(pages=PAGES))
    assert (first.has(sender_id), second.has(sender_id)) == (False, True)


def test_of_several_pages_none_has_a_user_whose_id_names_none() -> None:
    assert not any(page.has("42") for page in pages_to_ask(settings_with(pages=PAGES)))
