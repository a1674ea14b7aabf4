"""The channel's section of credentials.yml: one clear error for each mistake, and no secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import SettingsError
from channels.keywords import KeywordMatch
from channels.plans import Plan
from channels.setting_values import RequestPolicy, RoutingSetting
from channels.settings import Settings, parse_settings

MARK = "S3CRET"  # stands in every value that nobody may see
REQUIRED = {
    "verify": f"{MARK}-verify",
    "secret": f"{MARK}-secret",
    "page-access-token": f"{MARK}-token",
    "app-id": "1000000000000001",
}
SECRET_KEYS = ["verify", "secret", "page-access-token", "store", "admin-token"]
CHANNEL_KEYS = (
    "admin-token, app-id, graph-url, max-turns, media-sends-a-second, page-access-token, pages, "
    "plans, requests, retention, routing, secret, sends-a-second, store, transcript, "
    "transcript-retention, typed-intents, verify"
)
PLAN_KEYS = (
    "idle-timeout, keyword-match, keywords, metadata, owner-probe, return-intent-threshold, "
    "return-intents, return-payloads, target-app, timeout, unanswered-timeout"
)


def settings_with(changes: dict[Any, Any]) -> Settings:
    return parse_settings({**REQUIRED, **changes})


def settings_with_plan(plan: Any) -> Settings:
    return settings_with({"plans": {"default": plan}})


def complaint_about(section: object) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_settings(section)
    return str(caught.value)


def test_four_keys_are_enough() -> None:
    assert parse_settings(REQUIRED) == Settings(
        verify=f"{MARK}-verify",
        secret=f"{MARK}-secret",
        page_access_token=f"{MARK}-token",
        app_id="1000000000000001",
        graph_url="https://graph.facebook.com/v25.0",
        store="sqlite:///handover.db",
        admin_token=None,
        routing=RoutingSetting.AUTO,
        typed_intents=False,
        max_turns=50,
        sends_a_second=300,
        media_sends_a_second=10,
        retention=timedelta(days=30),
        requests=RequestPolicy.PLANS,
        pages={},
        transcript=False,
        transcript_retention=timedelta(days=7),
        plans={"default": Plan(name="default", timeout=timedelta(minutes=30))},
    )


def test_every_key_counts() -> None:
    plan = {
        "target-app": "42",
        "timeout": "2h",
        "keywords": {"en": ["menu"], "tr": ["menü"]},
        "keyword-match": "contains",
        "return-payloads": ["/back_to_bot"],
        "idle-timeout": "10m",
        "unanswered-timeout": "5m",
        "owner-probe": "1m",
        "return-intents": ["show_menu"],
        "return-intent-threshold": 0.9,
        "metadata": {"team": "sales"},
    }
    given_settings = settings_with(
        {
            "graph-url": "http://127.0.0.1:8600/v25.0/",
            "store": "postgresql://user:password@host/database",
            "admin-token": "let me in",
            "routing": "on",
            "typed-intents": True,
            "max-turns": 7,
            "sends-a-second": 40,
            "media-sends-a-second": 5,
            "retention": "1h",
            "requests": [7, "8"],
            "transcript": True,
            "transcript-retention": "2h",
            "plans": {"sales": plan},
        }
    )
    assert given_settings == Settings(
        verify=f"{MARK}-verify",
        secret=f"{MARK}-secret",
        page_access_token=f"{MARK}-token",
        app_id="1000000000000001",
        graph_url="http://127.0.0.1:8600/v25.0",
        store="postgresql://user:password@host/database",
        admin_token="let me in",
        routing=RoutingSetting.ON,
        typed_intents=True,
        max_turns=7,
        sends_a_second=40,
        media_sends_a_second=5,
        retention=timedelta(hours=1),
        requests=("7", "8"),
        pages={},
        transcript=True,
        transcript_retention=timedelta(hours=2),
        plans={
            "default": Plan(name="default"),
            "sales": Plan(
                name="sales",
                target_app="42",
                timeout=timedelta(hours=2),
                keywords={"en": ("menu",), "tr": ("menü",)},
                keyword_match=KeywordMatch.CONTAINS,
                return_payloads=("/back_to_bot",),
                idle_timeout=timedelta(minutes=10),
                unanswered_timeout=timedelta(minutes=5),
                owner_probe=timedelta(minutes=1),
                return_intents=("show_menu",),
                return_intent_threshold=0.9,
                metadata={"team": "sales"},
            ),
        },
    )


@pytest.mark.parametrize("key", ["plans", "routing", "store", "graph-url", "retention"])
def test_a_key_without_a_value_counts_as_missing(key: str) -> None:
    assert settings_with({key: None}) == parse_settings(REQUIRED)


def test_a_plan_without_keys_has_the_defaults() -> None:
    assert settings_with_plan(None).plans["default"] == Plan(name="default")


def test_an_app_id_may_be_a_number() -> None:
    assert settings_with({"app-id": 42}).app_id == "42"


@pytest.mark.parametrize("key", ["verify", "secret", "page-access-token", "admin-token"])
def test_white_space_around_a_secret_does_not_count(key: str) -> None:
    padded = settings_with({key: f" {MARK}\n"})
    assert getattr(padded, key.replace("-", "_")) == MARK


@pytest.mark.parametrize(
    ("value", "setting"),
    [
        ("auto", RoutingSetting.AUTO),
        ("on", RoutingSetting.ON),
        ("off", RoutingSetting.OFF),
        (True, RoutingSetting.ON),
        (False, RoutingSetting.OFF),
    ],
)
def test_routing_may_be_what_yaml_makes_of_on_and_off(
    value: object, setting: RoutingSetting
) -> None:
    assert settings_with({"routing": value}).routing is setting


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
    ("key", "value", "complaint"),
    [
        ("app-id", "my-bot", "is no app id, which is a number; see App settings > Basic."),
        ("app-id", True, "is no app id, "),
        ("app-id", "١٢٣", "is no app id, "),
        ("graph-url", "graph.facebook.com/v25.0", "is no web address; write https://graph."),
        ("graph-url", "ftp://graph.facebook.com/v25.0", "is no web address; "),
        ("graph-url", "https://:443/v25.0", "is no web address; "),
        ("graph-url", "https://[::1/v25.0", "is no web address; "),
        ("graph-url", "https://localhost:https/v25.0", "is no web address; "),
        ("graph-url", 8600, "is no web address; "),
        ("graph-url", "https://graph.facebook.com", "does not end with a Graph version; write "),
        ("graph-url", "https://graph.facebook.com/v25", "does not end with a Graph version; "),
        ("graph-url", "https://graph.facebook.com/v٢٥.0", "does not end with a Graph version; "),
        ("graph-url", "https://graph.facebook.com/v25.0?x=1", "does not end with a Graph "),
        ("routing", "maybe", "is not allowed; write one of: auto, on, off."),
        ("routing", ["on"], "is not allowed; write one of: auto, on, off."),
        ("typed-intents", "yes", "is neither true nor false."),
        ("typed-intents", 1, "is neither true nor false."),
        ("max-turns", 0, "is not a whole number from 1 to 10000."),
        ("max-turns", 10_001, "is not a whole number from 1 to 10000."),
        ("max-turns", "7", "is not a whole number from 1 to 10000."),
        ("max-turns", True, "is not a whole number from 1 to 10000."),
        ("sends-a-second", 0, "is not a whole number from 1 to 10000."),
        ("media-sends-a-second", 0.5, "is not a whole number from 1 to 10000."),
        ("retention", "a month", "is not a duration; write a number of seconds, or a number with "),
        ("retention", "59m", "is out of range; a retention is at least 1h and at most 3650d."),
        ("retention", "3651d", "is out of range; a retention is at least 1h and at most 3650d."),
        ("requests", "some", "is not allowed; write plans, all, none, or a list of app ids"),
        ("requests", ["some"], "is no app id, which is a number; "),
        ("transcript", "yes", "is neither true nor false."),
        ("transcript-retention", "59m", "is out of range; a retention is at least 1h and at most "),
        ("plans", ["default"], "is no mapping; write a plan's name, and its keys below it, "),
    ],
)
def test_a_wrong_value_is_named_shown_and_set_right(
    key: str, value: object, complaint: str
) -> None:
    told = complaint_about({**REQUIRED, key: value})
    assert told.startswith(f"channels.MessengerInput.{key} {value!r} {complaint}")


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("target-app", "sales team", "is no target app; write 'page-inbox', or the app id "),
        ("timeout", "soon", "is not a duration; write a number of seconds, or a number with "),
        ("timeout", "0s", "is out of range; a timeout is at least 1s and at most 30d."),
        ("keywords", 7, "is not a list of texts; "),
        ("keywords", ["menu", True], "is not a list of texts; "),
        ("keywords", ["\u200b"], "has the keyword '\\u200b', "),
        ("keyword-match", "word", "is not allowed; write one of: whole, contains."),
        ("return-payloads", 7, "is not a list of texts; "),
        ("idle-timeout", "soon", "is not a duration; write a number of seconds, or a number with "),
        ("unanswered-timeout", "31d", "is out of range; a timeout is at least 1s and at most 30d."),
        ("owner-probe", "9s", "is out of range; owner-probe is at least 10s and at most 1d."),
        ("return-intents", 7, "is not a list of texts; "),
        ("return-intent-threshold", 0, "is not a number above 0 and up to 1, such as 0.8."),
        ("return-intent-threshold", True, "is not a number above 0 and up to 1, "),
        ("metadata", ["team"], "is not a mapping; write keys and values, such as team: sales."),
    ],
)
def test_a_wrong_value_in_a_plan_is_named_shown_and_set_right(
    key: str, value: object, complaint: str
) -> None:
    told = complaint_about({**REQUIRED, "plans": {"sales": {key: value}}})
    assert told.startswith(f"channels.MessengerInput.plans.sales.{key} {value!r} {complaint}")


def test_a_wrong_mapping_is_named_without_being_written_out() -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": {"keywords": {"en": 7}}}})
    start = "channels.MessengerInput.plans.default.keywords is not a list of texts; "
    assert told.startswith(start)


@pytest.mark.parametrize("name", ["", "sales team", "-sales", "vertrieb/süd", "a" * 65, 7, None])
def test_a_plan_name_that_no_action_could_ask_for_is_refused(name: object) -> None:
    assert complaint_about({**REQUIRED, "plans": {name: None}}) == (
        f"channels.MessengerInput.plans has a plan named {name!r}; "
        "a name is made of up to 64 letters, digits, - and _."
    )


@pytest.mark.parametrize(
    ("store", "complaint"),
    [
        (f"mysql://user:{MARK}@host/db", "names no kind of database that can be a store; write "),
        (f"postgresql+asyncpg://user:{MARK}@host/db", "names no kind of database that can be a "),
        ("handover.db", "names no kind of database that can be a store; write "),
        (7, "names no kind of database that can be a store; write "),
        ("sqlite://", "names no file and no host; write "),
        ("sqlite:///", "names no file and no host; write "),
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


@pytest.mark.parametrize("store", ["sqlite:///handover.db", "sqlite:////var/lib/handover.db"])
def test_a_store_may_be_a_file_here_or_anywhere(store: str) -> None:
    assert settings_with({"store": store}).store == store


@pytest.mark.parametrize("key", ["verify", "secret", "page-access-token", "admin-token"])
@pytest.mark.parametrize("value", ["", "  ", 7, True, [MARK], {"token": MARK}])
def test_a_secret_that_is_no_text_is_named_and_not_shown(key: str, value: object) -> None:
    told = complaint_about({**REQUIRED, key: value})
    assert told == f"channels.MessengerInput.{key} is not a text; put it in quotes."


def test_a_secret_that_was_copied_with_a_line_break_is_named_and_not_shown() -> None:
    told = complaint_about({**REQUIRED, "secret": f"{MARK}\n{MARK}"})
    assert told == (
        "channels.MessengerInput.secret holds a line break or a control character; copy it again."
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("verify", "${MESSENGER_VERIFY_TOKEN}"),
        ("verify", "$MESSENGER_VERIFY_TOKEN"),
        ("store", f"postgresql://user:{MARK}@${{DB_HOST}}/db"),
        ("app-id", "${MESSENGER_APP_ID}"),
        ("graph-url", "https://${GRAPH_HOST}/v25.0"),
        ("routing", "$ROUTING"),
    ],
)
def test_a_variable_that_is_not_set_is_told(key: str, value: str) -> None:
    told = complaint_about({**REQUIRED, key: value})
    shown = "" if key in SECRET_KEYS else f" {value!r}"
    assert told.startswith(
        f"channels.MessengerInput.{key}{shown} names an environment variable that is not set. "
    )
    assert MARK not in told


@pytest.mark.parametrize("password", ["$ecret", "Pa$$word", "100$", "$1{2}"])
def test_a_secret_may_have_a_dollar_sign(password: str) -> None:
    assert settings_with({"verify": password}).verify == password


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
def test_a_key_that_is_like_none_is_told_which_are_allowed(wrong: object) -> None:
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
    ("section", "found"), [(None, "empty"), (MARK, "no mapping"), ([MARK], "no mapping")]
)
def test_a_section_without_keys_is_told_to_have_some(section: object, found: str) -> None:
    assert complaint_about(section) == (
        f"channels.MessengerInput in credentials.yml is {found}. Indent its keys below it."
    )


def test_a_plan_that_is_no_mapping_is_told_to_be_one() -> None:
    assert complaint_about({**REQUIRED, "plans": {"sales": "42"}}) == (
        "channels.MessengerInput.plans.sales in credentials.yml is no mapping. "
        "Indent its keys below it."
    )


@pytest.mark.parametrize("pages", [[{"1": {"page-access-token": MARK}}], f"1: {MARK}"])
def test_pages_that_are_no_mapping_are_not_shown_for_they_hold_tokens(pages: object) -> None:
    complaint = complaint_about({**REQUIRED, "pages": pages})
    assert "channels.MessengerInput.pages is no mapping; write a page's id, " in complaint
    assert MARK not in complaint


@pytest.mark.parametrize("value", [16**5000, [16**5000], -(16**5000)], ids=["int", "list", "minus"])
def test_a_number_that_is_too_long_to_write_out_is_named_by_its_type(value: object) -> None:
    complaint = complaint_about({**REQUIRED, "graph-url": value})
    assert f"graph-url of the type {type(value).__name__} is no web address" in complaint


def test_a_long_value_is_shown_by_its_beginning() -> None:
    complaint = complaint_about({**REQUIRED, "graph-url": "x" * 100_000})
    assert len(complaint) < 1000
    assert "xxx… is no web address" in complaint


def test_what_is_nested_without_end_is_refused() -> None:
    nested: object = "innermost"
    for _ in range(10_000):
        nested = [nested]
    assert "is nested too deep" in complaint_about({**REQUIRED, "requests": {"x": nested}})


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
