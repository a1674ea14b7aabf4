"""Wrong values in the channel's section: the error that names each, and what it shows of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from tests.unit.channels.core.settings.settings_samples import (
    CHANNEL_KEYS,
    MARK,
    REQUIRED,
    SECRET_KEYS,
    complaint_about,
    settings_with,
)

CHRISTMAS_EVE = datetime(2026, 12, 24, tzinfo=timezone.utc)  # as YAML reads a moment of it


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("app-id", "my-bot", "is not an app id, which is a number; see App settings > Basic."),
        ("app-id", True, "is not an app id, "),
        ("app-id", "١٢٣", "is not an app id, "),
        ("graph-url", "graph.facebook.com/v25.0", "is not a web address; write https://graph."),
        ("graph-url", "ftp://graph.facebook.com/v25.0", "is not a web address; "),
        ("graph-url", "https://:443/v25.0", "is not a web address; "),
        ("graph-url", "https://[::1/v25.0", "is not a web address; "),
        ("graph-url", "https://localhost:https/v25.0", "is not a web address; "),
        ("graph-url", "https://localhost:0/v25.0", "is not a web address; "),
        ("graph-url", "https://graph..facebook.com/v25.0", "is not a web address; "),
        ("graph-url", "https://gr\u200baph.facebook.com/v25.0", "is not a web address; "),
        ("graph-url", f"https://{'graph' * 20}.com/v25.0", "is not a web address; "),
        ("graph-url", "https://[graph]/v25.0", "is not a web address; "),
        ("graph-url", 8600, "is not a web address; "),
        ("graph-url", "https://graph.facebook.com", "does not end with a Graph version; write "),
        ("graph-url", "https://graph.facebook.com/v25", "does not end with a Graph version; "),
        ("graph-url", "https://graph.facebook.com/v٢٥.0", "does not end with a Graph version; "),
        ("graph-url", "http://graph.facebook.com/v25.0", "would send the access token and what "),
        ("graph-url", "http://localhost.evil.example/v25.0", "would send the access token and "),
        ("graph-url", "http://127.0.0.1.nip.io/v25.0", "would send the access token and what "),
        ("graph-url", "http://10.0.0.7:8600/v25.0", "would send the access token and what "),
        ("public-url", "bot.example.com", "is not a web address of the bot; write https://bot."),
        ("public-url", "http://bot.example.com", "would show what users wrote over plain http; "),
        ("public-url", "https://bot.example.com#chat", "is not a web address of the bot; "),
        (
            "events",
            ["optin"],
            "is not a mapping from referral, optin, account_linking to intents; ",
        ),
        ("routing", "maybe", "is not allowed; write one of: auto, on, off."),
        ("routing", ["on"], "is not allowed; write one of: auto, on, off."),
        ("typed-intents", "yes", "is neither true nor false."),
        ("typed-intents", 1, "is neither true nor false."),
        ("max-turns", 0, "is not a whole number from 1 to 10000."),
        ("max-turns", 10_001, "is not a whole number from 1 to 10000."),
        ("max-turns", "many", "is not a whole number from 1 to 10000."),
        ("max-turns", "7.5", "is not a whole number from 1 to 10000."),
        ("max-turns", True, "is not a whole number from 1 to 10000."),
        ("sends-a-second", 0, "is not a whole number from 1 to 10000."),
        ("media-sends-a-second", 0.5, "is not a whole number from 1 to 10000."),
        ("retention", "a month", "is not a duration; write a number of seconds, or a number with "),
        ("on-failure", "tech", "is not one of the plans; write one of default, or off."),
        ("on-failure", True, "is not allowed; write the name of a plan, or off."),
        ("turn-timeout", 0, "is out of range; write a duration from 1s to 10m."),
        ("turn-timeout", "11m", "is out of range; write a duration from 1s to 10m."),
        ("turn-timeout", "soon", "is not a duration"),
        ("retention", "59m", "is out of range; write a duration from 1h to 3650d."),
        ("retention", "3651d", "is out of range; write a duration from 1h to 3650d."),
        ("requests", "some", "is not allowed; write plans, all, none, or a list of app ids"),
        ("requests", ["some"], "is not an app id, which is a number; "),
        ("transcript", "yes", "is neither true nor false."),
        ("transcript-retention", "59m", "is out of range; write a duration from 1h to "),
        ("plans", ["default"], "is not a mapping; write a plan's name, with its keys indented "),
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
        ("target-app", "sales team", "is not a target app; write 'page-inbox', or the app id "),
        ("timeout", "soon", "is not a duration; write a number of seconds, or a number with "),
        ("timeout", "0s", "is out of range; write a duration from 1s to 30d."),
        ("keywords", 7, "is not a list of texts; "),
        ("keywords", ["menu", True], "is not a list of texts; "),
        ("keywords", ["\u200b"], "has the keyword '\\u200b', "),
        ("keywords", "menu, back to bot", "is one text that lists several; write a list, such as "),
        ("keywords", "menu\nback to bot", "is one text that lists several; "),
        ("keywords", "menu | back to bot", "is one text that lists several; "),
        ("return-intents", "show_menu, greet", "is one text that lists several; write a list, "),
        ("context-slots", "order_id, city", "is one text that lists several; "),
        ("keyword-match", "word", "is not allowed; write one of: whole, contains."),
        ("return-payloads", 7, "is not a list of texts; "),
        ("return-intents", ["/greet"], "has a slash, as payloads do; write the name without it."),
        ("idle-timeout", "soon", "is not a duration; write a number of seconds, or a number with "),
        ("unanswered-timeout", "31d", "is out of range; write a duration from 1s to 30d."),
        ("owner-probe", "25h", "is out of range; "),
        ("owner-probe", "9s", "is out of range; write a duration from 10s to 1d."),
        ("return-intents", 7, "is not a list of texts; "),
        ("return-intent-threshold", 0, "is not a number above 0 and at most 1, such as 0.8."),
        ("return-intent-threshold", True, "is not a number above 0 and at most 1, "),
        ("last-messages", "no", "is neither true nor false."),
        ("hours", "09:00-17:30", "is not a mapping; write days and hours, such as mon-fri: 09:00"),
        ("hours", ["mon-fri"], "is not a mapping; write days and hours, "),
        ("timezone", "Berlin", "is not a known time zone; write an IANA name, such as Europe"),
        ("timezone", "+02:00", "is not a known time zone; "),
        ("timezone", "America", "is not a known time zone; "),
        ("timezone", "../passwd", "is not a known time zone; "),
        (
            "timezone",
            "EST",
            "never has daylight saving time; write a place, such as America/New",
        ),
        (
            "timezone",
            "MST",
            "never has daylight saving time; write a place, such as America/Denv",
        ),
        ("timezone", 2, "is not a known time zone; "),
        ("timezone", "localtime", "is not a known time zone; "),
        ("timezone", "right/Europe/Berlin", "is not a known time zone; "),
        ("timezone", "europe/berlin", "is not a known time zone; "),
        ("closed-on", "Germany", "has something that is neither a date nor a region; write dates "),
        ("closed-on", ["12-24"], "has something that is neither a date nor a region; "),
        ("closed-on", ["2026-02-30"], "has something that is neither a date nor a region; "),
        ("closed-on", [CHRISTMAS_EVE], "has something that is neither a date nor a region; "),
        ("closed-on", [False], "has something that is neither a date nor a region; "),
        ("closed-on", ["DE", "XX"], "has a region whose public holidays are not known; write a "),
        ("closed-on", ["DE-ZZ"], "has a region whose public holidays are not known; "),
        ("closed-on", ["9999-12-24"], "has a date outside the years 2000 to 2100."),
        ("when-closed", "queue", "is not allowed; write one of: refuse, wait."),
        ("wait-at-most", "31d", "is out of range; write a duration from 1s to 30d."),
        ("metadata", ["team"], "is not a mapping; write keys and values, such as team: sales."),
    ],
)
def test_a_wrong_value_in_a_plan_is_named_shown_and_set_right(
    key: str, value: object, complaint: str
) -> None:
    told = complaint_about({**REQUIRED, "plans": {"sales": {key: value}}})
    assert told.startswith(f"channels.MessengerInput.plans.sales.{key} {value!r} {complaint}")


@pytest.mark.parametrize("secret", ["EAAB0mark" * 12, "0123456789abcdef0123456789abcdef"])
@pytest.mark.parametrize(
    "section",
    [
        lambda secret: {"app-id": secret},
        lambda secret: {"requests": [secret]},
        lambda secret: {"pages": {secret: {}}},
        lambda secret: {"plans": {"default": {"target-app": secret}}},
        lambda secret: {secret: "a key"},
    ],
    ids=["app id", "list", "page", "plan", "key"],
)
def test_a_secret_in_the_wrong_place_is_not_shown(
    section: Callable[[str], dict[str, object]], secret: str
) -> None:
    told = complaint_about({**REQUIRED, **section(secret)})
    assert f"{secret[:4]}…" in told
    assert secret[:12] not in told


@pytest.mark.parametrize(
    ("keywords", "complaint"),
    [
        ({"ja": "メニュー、終了"}, "is one text that lists several; "),
        ({"english": ["menu"]}, "has a language that is no code; write en, de or pt-BR."),
    ],
)
def test_so_is_what_is_wrong_with_the_keywords_of_a_language(
    keywords: object, complaint: str
) -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": {"keywords": keywords}}})
    assert told.startswith(f"channels.MessengerInput.plans.default.keywords {complaint}")


@pytest.mark.parametrize(
    ("key", "address", "complaint"),
    [
        ("graph-url", "https://graph.facebook.com/v25.0?access_token=EAAB", "does not end with "),
        ("graph-url", "http://127.0.0.1@10.0.0.7/v25.0", "has a user name, which "),
        ("graph-url", "https://me:EAAB@graph.facebook.com/v25.0", "has a user name, which "),
        ("public-url", "https://me:EAAB@bot.example.com", "is not a web address of the bot; "),
    ],
)
def test_what_may_be_a_secret_in_an_address_is_not_shown(
    key: str, address: str, complaint: str
) -> None:
    told = complaint_about({**REQUIRED, key: address})
    assert told.startswith(f"channels.MessengerInput.{key} {complaint}")
    assert "EAAB" not in told


def test_a_wrong_mapping_is_named_without_being_written_out() -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": {"keywords": {"en": 7}}}})
    start = "channels.MessengerInput.plans.default.keywords is not a list of texts; "
    assert told.startswith(start)


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ({"like": "liked"}, "is not a mapping from referral, optin, account_linking to intents; "),
        ({"optin": 7}, "has something that is not an intent; write one of your domain's."),
        ({"optin": "/opted_in"}, "has something that is not an intent; "),
        ({"optin": "handover_ended"}, "names an intent that is the channel's own; choose another "),
    ],
)
def test_a_wrong_event_or_intent_of_one_is_set_right(events: object, complaint: str) -> None:
    told = complaint_about({**REQUIRED, "events": events})
    assert told.startswith(f"channels.MessengerInput.events {complaint}")


@pytest.mark.parametrize(
    ("hours", "complaint"),
    [
        ({}, "names no day; write days and hours, "),
        ({"weekdays": "09:00-17:00"}, "has a day that is not one of mon, tue, wed, thu, fri, "),
        ({7: "09:00-17:00"}, "has a day that is not one of mon, "),
        ({"mon-": "09:00-17:00"}, "has a day that is not one of mon, "),
        ({"mon-fri": "09:00-17:00", "wed": "09:00-12:00"}, "names wed twice; write a day's hours"),
        ({"mon": "09:00"}, "has hours for mon that can't be read; write days and hours, such as "),
        ({"mon": "9-17"}, "has hours for mon that can't be read; "),
        ({"mon": "9am-5pm"}, "has hours for mon that can't be read; "),
        ({"mon": "٠٩:٠٠-١٧:٠٠"}, "has hours for mon that can't be read; "),
        ({"mon": ["09:00", "17:00"]}, "has hours for mon that can't be read; "),
        ({"mon": ["09:00-12:00", 13]}, "has hours for mon that are not a text; "),
        ({"mon": 540}, "has hours for mon that are not a text; "),  # how YAML 1.1 may read 9:00
        ({"mon": "09:60-17:00"}, "has hours for mon that no clock shows; hours go from 00:00 to "),
        ({"mon": "09:00-24:30"}, "has hours for mon that no clock shows; "),
        ({"mon": "24:00-02:00"}, "has hours for mon that no clock shows; "),
        (
            {"mon": "09:00-09:00"},
            "has hours for mon that end when they begin; write 00:00-24:00 ",
        ),
        ({"sun": "closed"}, "has no hours for sun; leave out a day on which nobody is there."),
        ({"sun": []}, "has no hours for sun; leave out a day "),
        ({"sun": None}, "has hours for sun that are not a text; "),
    ],
)
def test_wrong_hours_are_named_and_set_right(hours: object, complaint: str) -> None:
    plan = {"hours": hours, "timezone": "Europe/Berlin"}
    told = complaint_about({**REQUIRED, "plans": {"sales": plan}})
    assert told.startswith(f"channels.MessengerInput.plans.sales.hours {complaint}")


@pytest.mark.parametrize("key", sorted({*REQUIRED, *CHANNEL_KEYS.split(", ")}))
@pytest.mark.parametrize("value", ["", " \n"])
def test_an_empty_value_is_called_empty_whatever_its_key(key: str, value: str) -> None:
    """As where a variable of the environment is set to nothing."""
    told = complaint_about({**REQUIRED, key: value})
    assert told == (
        f"channels.MessengerInput.{key} is empty. Write a value, or leave the key out; if "
        "it is written as ${NAME}, that variable is set to nothing."
    )


@pytest.mark.parametrize("key", ["return-payloads", "return-intents", "context-slots"])
def test_an_empty_text_in_a_list_of_a_plan_is_refused(key: str) -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": {key: ["menu", " "]}}})
    assert told.endswith("has an empty text; leave it out.")


@pytest.mark.parametrize("key", ["keywords", "return-payloads", "return-intents", "closed-on"])
def test_a_variable_in_a_list_that_is_not_set_is_told_of(key: str) -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": {key: ["2026-12-24", "${OTHER}"]}}})
    assert "names an environment variable that is not set" in told


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("keywords", {"en": ["${OTHER}"]}),
        ("keywords", {"en": "${OTHER}"}),
        ("hours", {"mon-fri": "${OTHER}"}),
    ],
)
def test_so_is_one_in_a_mapping(key: str, value: object) -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": {key: value}}})
    assert told.startswith(
        f"channels.MessengerInput.plans.default.{key} names an environment variable that is not set"
    )


def test_what_only_looks_like_a_variable_is_kept() -> None:
    plan = {"keywords": {"en": ["$BACK"]}, "metadata": {"greeting": "Hello ${NAME}"}}
    assert settings_with({"plans": {"default": plan}}).plans["default"].metadata == plan["metadata"]


@pytest.mark.parametrize("keys", [{"hours": {"mon": "09:00-17:00"}}, {"closed-on": ["DE"]}])
def test_hours_without_a_time_zone_are_refused(keys: dict[str, object]) -> None:
    told = complaint_about({**REQUIRED, "plans": {"default": keys}})
    assert told.startswith(
        "channels.MessengerInput.plans.default.timezone is missing in credentials.yml. "
    )


def test_hours_on_days_that_are_all_closed_are_refused() -> None:
    hours = {"hours": {"sun": "09:00-17:00"}, "timezone": "Europe/Stockholm", "closed-on": ["SE"]}
    told = complaint_about({**REQUIRED, "plans": {"default": hours}})
    assert told.startswith("channels.MessengerInput.plans.default never opens: 'closed-on' closes ")


@pytest.mark.parametrize("name", ["", "sales team", "-sales", "vertrieb/süd", "a" * 65, 7, None])
def test_a_plan_name_that_no_action_could_ask_for_is_refused(name: object) -> None:
    assert complaint_about({**REQUIRED, "plans": {name: None}}) == (
        f"channels.MessengerInput.plans has a plan named {name!r}; "
        "a name has up to 64 letters, digits, - and _, and "
        "needs quotes if YAML would read it as something else (numbers, on, off)."
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


@pytest.mark.parametrize("value", [16**5000, [16**5000], -(16**5000)], ids=["int", "list", "minus"])
def test_a_number_that_is_too_long_to_write_out_is_named_by_its_type(value: object) -> None:
    complaint = complaint_about({**REQUIRED, "graph-url": value})
    assert f"graph-url of the type {type(value).__name__} is not a web address" in complaint


def test_a_long_value_is_shown_by_its_beginning() -> None:
    complaint = complaint_about({**REQUIRED, "graph-url": "x" * 100_000})
    assert len(complaint) < 1000
    assert "xxx… is not a web address" in complaint


def test_what_is_nested_without_end_is_refused() -> None:
    nested: object = "innermost"
    for _ in range(10_000):
        nested = [nested]
    assert "is nested too deeply" in complaint_about({**REQUIRED, "requests": {"x": nested}})
