"""No secret of the channel's section shows, whatever is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.errors import SettingsError
from channels.core.settings.settings import parse_settings
from tests.unit.channels.core.settings.settings_samples import (
    CHANNEL_KEYS,
    MARK,
    PLAN_KEYS,
    REQUIRED,
    SECRET_KEYS,
    complaint_about,
    settings_with,
)


@pytest.mark.parametrize(
    ("store", "complaint"),
    [
        (f"mysql://user:{MARK}@host/db", "names no kind of database that can be a store; write "),
        (f"postgresql+asyncpg://user:{MARK}@host/db", "names no kind of database that can be a "),
        (f"postgresql://user:p@{MARK}@host/db", "has more than one @; write the one in the "),
        (f"postgresql://user:p@h/{MARK}@host/db", "has more than one @; write the one in the "),
        ("handover.db", "names no kind of database that can be a store; write "),
        (7, "names no kind of database that can be a store; write "),
        ("sqlite://", "names no file and no host; write "),
        ("sqlite:///", "names no file and no host; write "),
        ("sqlite:///hand\0over.db", "holds a line break or a control character; "),
        ("postgresql://", "names no file and no host; write "),
        ("sqlite://handover.db", "needs three slashes before the file's name, as in sqlite:///"),
    ],
)
def test_a_store_that_can_not_be_one_is_named_without_its_password(
    store: object, complaint: str
) -> None:
    told = complaint_about({**REQUIRED, "store": store})
    assert told.startswith(f"channels.MessengerInput.store {complaint}")
    assert MARK not in told


@pytest.mark.parametrize("key", ["verify", "secret", "page-access-token", "admin-token"])
@pytest.mark.parametrize("value", [7, True, [MARK], {"token": MARK}])
def test_a_secret_that_is_no_text_is_named_and_not_shown(key: str, value: object) -> None:
    told = complaint_about({**REQUIRED, key: value})
    assert told == f"channels.MessengerInput.{key} is not a text; put it in quotes."


@pytest.mark.parametrize("value", ["x", "0123456789abcde", "  0123456789abcde \n"])
def test_an_admin_token_that_can_be_guessed_is_refused_and_not_shown(value: str) -> None:
    told = complaint_about({**REQUIRED, "admin-token": value})
    assert told.startswith(
        "channels.MessengerInput.admin-token has fewer than 16 characters, and anybody who guesses "
    )
    assert value.strip() not in told.replace("openssl rand -hex", "")


def test_a_secret_that_was_copied_with_a_line_break_is_named_and_not_shown() -> None:
    told = complaint_about({**REQUIRED, "secret": f"{MARK}\n{MARK}"})
    assert told == (
        "channels.MessengerInput.secret holds a line break or a control character; copy it again."
    )


@pytest.mark.parametrize("pages", [[{"1": {"page-access-token": MARK}}], f"1: {MARK}"])
def test_pages_that_are_no_mapping_are_not_shown_for_they_hold_tokens(pages: object) -> None:
    complaint = complaint_about({**REQUIRED, "pages": pages})
    assert "channels.MessengerInput.pages is not a mapping; write a page's id, " in complaint
    assert MARK not in complaint


def test_no_secret_shows_in_the_repr() -> None:
    secrets = {"store": f"postgresql://user:{MARK}@host/db", "admin-token": MARK}
    assert MARK not in repr(settings_with(secrets))


# Sections of any shape at all, with the mark in whatever stands under a key for secrets.
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=6,
)
secret_texts = st.sampled_from(["", "sqlite:///", "postgresql://u:", "${", "$"]).flatmap(
    lambda start: st.text(max_size=8).map(lambda end: f"{start}{MARK}{end}")
)
secret_things = secret_texts | st.lists(secret_texts) | st.dictionaries(secret_texts, secret_texts)
plan_keys = st.sampled_from(PLAN_KEYS.split(", "))
plans = st.dictionaries(st.just("default") | scalars, anything, max_size=3) | st.dictionaries(
    st.just("sales"), st.dictionaries(plan_keys, anything, max_size=3)
)
open_keys = st.sampled_from([key for key in CHANNEL_KEYS.split(", ") if key not in SECRET_KEYS])
sections = st.builds(
    lambda secrets, rest, junk, some_plans: {**REQUIRED, **secrets, **rest, **junk, **some_plans},
    st.dictionaries(st.sampled_from(SECRET_KEYS), secret_things, max_size=2),
    st.dictionaries(open_keys, anything, max_size=2),
    st.dictionaries(scalars, anything, max_size=1),
    st.fixed_dictionaries({}, optional={"plans": plans}),
)


@given(sections | anything)
def test_any_section_gives_settings_or_one_line_that_holds_no_secret(section: object) -> None:
    try:
        shown = repr(parse_settings(section))
    except SettingsError as error:
        shown = str(error)
    assert MARK not in shown
    assert "\n" not in shown
