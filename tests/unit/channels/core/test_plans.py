"""Plans: how their values are read, and what an action may override."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.events import Platform
from channels.core.keywords.matcher import KeywordMatch
from channels.core.plans import (
    INBOX_APP_IDS,
    Plan,
    parse_duration,
    parse_keywords,
    parse_metadata,
    parse_target_app,
    parse_timeout,
    parse_words,
)

MARK = "ξ"  # is in values that no error may show


def cyclic() -> dict[str, Any]:
    """What YAML's anchors can write: a mapping that holds itself."""
    inner: dict[str, Any] = {}
    inner["self"] = inner
    return inner


def complaint(parse: Callable[[Any], object], value: object) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is what is tested)
        parse(value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0),
        (90, 90),
        (90.0, 90),
        ("90", 90),
        ("90s", 90),
        ("90 s", 90),
        (" 90s ", 90),
        ("30m", 30 * 60),
        ("2h", 2 * 3600),
        ("1d", 24 * 3600),
        ("007m", 7 * 60),
        ("999999999d", 999_999_999 * 24 * 3600),
    ],
)
def test_a_duration_is_a_number_with_or_without_its_unit(value: object, seconds: int) -> None:
    assert parse_duration(value) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            True,
            False,
            1.5,
            -1.0,
            math.inf,
            math.nan,
            [90],
            {"m": 30},
            timedelta(minutes=1),
            b"90s",
        ),
        *("", " ", "s", "half an hour", "90S", "90ms", "1h30m", "1:30", "1.5h", "1e9", "0x1F"),
        *(-1, "-90", "+90", "−90", "9" * 10, 10**9, 10**4000, "1_000"),
        *("٣٠m", "３０m", "30ｍ", "30m\n2h"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_anything_else_is_not_a_duration(value: object) -> None:
    assert complaint(parse_duration, value) == (
        "is not a duration; write a number of seconds, or a number with s, m, h or d, "
        "such as 90, 90s, 30m, 2h."
    )


@given(st.integers(0, 999_999_999), st.sampled_from(["", "s", "m", "h", "d"]))
def test_a_duration_of_any_length_can_be_read(number: int, unit: str) -> None:
    seconds_in = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    assert parse_duration(f"{number}{unit}").total_seconds() == number * seconds_in[unit]


@pytest.mark.parametrize("value", [1, "1s", "30d", 30 * 24 * 3600])
def test_a_timeout_is_at_least_a_second_and_at_most_thirty_days(value: object) -> None:
    assert parse_timeout(value) == parse_duration(value)


@pytest.mark.parametrize("value", [0, "0d", 30 * 24 * 3600 + 1, "31d", "999999999d"])
def test_a_timeout_out_of_range_is_refused(value: object) -> None:
    assert complaint(parse_timeout, value) == ("is out of range; write a duration from 1s to 30d.")


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("page-inbox", "page-inbox"),
        ("1000000000000042", "1000000000000042"),
        (1000000000000042, "1000000000000042"),
    ],
)
def test_a_target_app_is_the_page_inbox_or_an_app_id(value: object, target: str) -> None:
    assert parse_target_app(value) == target


@pytest.mark.parametrize("value", [None, True, "", " 42", "page inbox", "inbox", -42, 4.2, "٤٢"])
def test_anything_else_is_no_target_app(value: object) -> None:
    assert complaint(parse_target_app, value) == (
        "is not a target app; write 'page-inbox', or the app id of the agent's app, "
        "which is a number in quotes."
    )


@pytest.mark.parametrize(
    ("platform", "app_id"),
    [(Platform.MESSENGER, "263902037430900"), (Platform.INSTAGRAM, "1217981644879628")],
)
def test_the_inbox_has_the_app_id_that_meta_gave_it(platform: Platform, app_id: str) -> None:
    assert Plan(name="default").target_app_id(platform) == app_id


@pytest.mark.parametrize("inbox", INBOX_APP_IDS.values())
def test_the_id_of_either_inbox_means_the_inbox_of_the_users_platform(inbox: str) -> None:
    assert parse_target_app(inbox) == "page-inbox"


@pytest.mark.parametrize("platform", Platform)
def test_another_target_is_its_own_app_id(platform: Platform) -> None:
    assert Plan(name="sales", target_app="42").target_app_id(platform) == "42"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("menu", ("menu",)),
        (["menu", "back to bot"], ("menu", "back to bot")),
        (("menu",), ("menu",)),
        ([], ()),
    ],
)
def test_words_are_one_text_or_a_list_of_texts(value: object, words: tuple[str, ...]) -> None:
    assert parse_words(value) == words


@pytest.mark.parametrize("value", [None, True, 7, ["menu", True], ["menu", 7], {"menu": None}])
def test_anything_else_is_not_a_list_of_texts(value: object) -> None:
    assert complaint(parse_words, value) == (
        "is not a list of texts; write [menu, 'back to bot'], and put words that YAML reads "
        "otherwise (yes, no, on, off, numbers) in quotes."
    )


def test_keywords_without_a_language_are_the_assistants_own() -> None:
    assert parse_keywords(["menu"]) == {"": ("menu",)}


def test_keywords_may_be_listed_by_language() -> None:
    listed = {"en": ["menu", "back to bot"], "tr": "menü"}
    assert parse_keywords(listed) == {"en": ("menu", "back to bot"), "tr": ("menü",)}


@pytest.mark.parametrize("language", [False, 7, None])
def test_a_language_that_is_no_text_is_refused(language: object) -> None:
    assert complaint(parse_keywords, {language: ["meny"]}) == (
        "has a language that is not a text; put it in quotes."
    )


@pytest.mark.parametrize("keyword", ["", "  ", "\u200b"])
def test_a_keyword_that_nobody_can_type_is_refused(keyword: str) -> None:
    told = complaint(parse_keywords, {"en": ["menu", keyword]})
    assert told.startswith(f"has the keyword {keyword!r}, ")


@pytest.mark.parametrize(
    ("value", "metadata"),
    [
        ({}, {}),
        ({"team": "sales", "tags": ["a", None, 1.5]}, {"team": "sales", "tags": ["a", None, 1.5]}),
        ({"since": date(2026, 10, 1), 7: "seven"}, {"since": "2026-10-01", "7": "seven"}),
    ],
)
def test_metadata_is_what_json_makes_of_it(value: object, metadata: dict[str, Any]) -> None:
    assert parse_metadata(value) == metadata


@pytest.mark.parametrize("value", [None, "team: sales", ["team"], 7])
def test_metadata_that_is_no_mapping_is_refused(value: object) -> None:
    assert complaint(parse_metadata, value) == (
        "is not a mapping; write keys and values, such as team: sales."
    )


@pytest.mark.parametrize(
    "value",
    [{"a": object()}, {(1, 2): "x"}, {"a": "\ud800"}, cyclic()],
    ids=["object", "key", "surrogate", "cycle"],
)
def test_metadata_that_json_cannot_hold_is_refused(value: object) -> None:
    assert complaint(parse_metadata, value) == "holds something that JSON can't express."


PARSERS = [parse_duration, parse_timeout, parse_target_app, parse_words, parse_keywords]
PARSERS += [parse_metadata]
marked = st.text(max_size=5).map(lambda text: f"{MARK}{text}")
marked_values = st.recursive(
    marked,
    lambda inner: (
        st.lists(inner | st.integers(), max_size=3)
        | st.dictionaries(st.booleans() | st.integers() | marked, inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(value=marked_values)
def test_no_error_shows_the_value(parse: Callable[[object], object], value: object) -> None:
    told = ""
    try:
        parse(value)
    except ValueError as error:
        told = str(error)
    assert MARK not in told


def test_keywords_without_a_language_are_put_under_the_assistants() -> None:
    plan = Plan(name="default", keywords={"": ("menu",), "de": ("menü",)})
    assert plan.spoken_in("fr").keywords == {"de": ("menü",), "fr": ("menu",)}


def test_keywords_without_a_language_join_those_of_the_assistants() -> None:
    plan = Plan(name="default", keywords={"": ("menu",), "de": ("menü",)})
    assert plan.spoken_in("de").keywords == {"de": ("menü", "menu")}


def test_a_plan_whose_keywords_have_languages_is_the_same_in_every_language() -> None:
    plan = Plan(name="default", keywords={"de": ("menü",)})
    assert plan.spoken_in("fr") == plan


SALES = Plan(
    name="sales",
    target_app="42",
    timeout=timedelta(hours=2),
    keywords={"en": ("menu",)},
    keyword_match=KeywordMatch.CONTAINS,
    return_payloads=("/back",),
    metadata={"team": "sales", "level": 1},
)


def test_an_action_overrides_what_it_names_and_nothing_else() -> None:
    wishes = {"target_app": "page-inbox", "timeout": "90s", "keywords": ["stop"]}
    assert SALES.overridden(wishes) == Plan(
        name="sales",
        target_app="page-inbox",
        timeout=timedelta(seconds=90),
        keywords={"": ("stop",)},
        keyword_match=KeywordMatch.CONTAINS,
        return_payloads=("/back",),
        metadata={"team": "sales", "level": 1},
    )


def test_an_actions_metadata_joins_the_plans() -> None:
    overridden = SALES.overridden({"metadata": {"level": 2, "order": "4711"}})
    assert overridden.metadata == {"team": "sales", "level": 2, "order": "4711"}


@pytest.mark.parametrize("wishes", [{}, {"timeout": None, "target_app": None, "metadata": None}])
def test_a_wish_for_nothing_leaves_the_plan_as_it_is(wishes: dict[str, Any]) -> None:
    assert SALES.overridden(wishes) == SALES


def test_an_override_never_changes_the_plan_itself() -> None:
    SALES.overridden({"metadata": {"level": 2}, "keywords": ["stop"]})
    assert (SALES.metadata, SALES.keywords) == ({"team": "sales", "level": 1}, {"en": ("menu",)})


@pytest.mark.parametrize("key", ["name", "keyword_match", "return_payloads", "target-app", "plans"])
def test_a_key_that_an_action_may_not_set_is_named_with_those_that_it_may(key: str) -> None:
    assert complaint(SALES.overridden, {key: f"{MARK}value"}) == (
        f"'{key}' can't be set for one handover; "
        "allowed are keywords, metadata, target_app, timeout."
    )


@pytest.mark.parametrize(
    ("key", "value", "mistake"),
    [
        ("timeout", f"{MARK}soon", "is not a duration"),
        ("timeout", "31d", "is out of range"),
        ("target_app", f"{MARK}sales", "is not a target app"),
        ("keywords", [f"{MARK}stop", 7], "is not a list of texts"),
        ("metadata", f"{MARK}team", "is not a mapping"),
    ],
)
def test_a_wrong_override_is_named_without_its_value(key: str, value: object, mistake: str) -> None:
    told = complaint(SALES.overridden, {key: value})
    assert told.startswith(f"'{key}' {mistake}")
    assert MARK not in told


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (parse_words, ["menu", "men\ud83d"]),
        (parse_keywords, ["men\ud83d"]),
        (parse_keywords, {"e\udc00": ["menu"]}),
    ],
)
def test_half_of_a_character_is_refused_for_no_store_could_hold_it(
    parse: Callable[[Any], object], value: object
) -> None:
    assert complaint(parse, value).startswith("holds half of a character")
