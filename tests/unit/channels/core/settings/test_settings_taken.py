"""What is taken from the channel's section of credentials.yml, and how it may be written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.core.hours import Hours, Span, WhenClosed
from channels.core.keywords.matcher import KeywordMatch
from channels.core.plans import Plan
from channels.core.settings.settings import Settings, parse_settings
from channels.core.settings.values import RequestPolicy, RoutingSetting
from tests.unit.channels.core.settings.settings_samples import MARK, REQUIRED, settings_with


def settings_with_plan(plan: Any) -> Settings:
    return settings_with({"plans": {"default": plan}})


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
        turn_timeout=timedelta(minutes=1),
        on_failure="default",
        sends_a_second=300,
        media_sends_a_second=10,
        retention=timedelta(days=30),
        operator_token=None,
        notify=(),
        public_url=None,
        profiles=True,
        requests=RequestPolicy.PLANS,
        operators_by_echo=True,
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
        "last-messages": False,
        "pass-patience": "90s",
        "context-slots": ["order"],
        "hours": {"mon": "09:00-12:00"},
        "timezone": "Europe/Berlin",
        "closed-on": ["2026-12-24"],
        "when-closed": "wait",
        "wait-at-most": "1d",
    }
    given_settings = settings_with(
        {
            "graph-url": "http://127.0.0.1:8600/v25.0/",
            "store": "postgresql://user:password@host/database",
            "admin-token": "let me in, please",
            "operator-token": "let me look, please",
            "public-url": "https://bot.example.com/",
            "routing": "on",
            "typed-intents": True,
            "max-turns": 7,
            "turn-timeout": "90s",
            "on-failure": "off",
            "sends-a-second": 40,
            "media-sends-a-second": 5,
            "retention": "1h",
            "requests": [7, "8"],
            "operators-by-echo": False,
            "events": {"optin": "opted_in", "account_linking": "linked"},
            "profiles": False,
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
        admin_token="let me in, please",
        routing=RoutingSetting.ON,
        typed_intents=True,
        max_turns=7,
        turn_timeout=timedelta(seconds=90),
        on_failure=None,
        sends_a_second=40,
        media_sends_a_second=5,
        retention=timedelta(hours=1),
        operator_token="let me look, please",
        notify=(),
        public_url="https://bot.example.com",
        profiles=False,
        requests=("7", "8"),
        operators_by_echo=False,
        events={"optin": "opted_in", "account_linking": "linked"},
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
                last_messages=False,
                pass_patience=timedelta(seconds=90),
                context_slots=("order",),
                hours=Hours(
                    week=((Span(540, 720),), (), (), (), (), (), ()),
                    timezone="Europe/Berlin",
                    closed_on=("2026-12-24",),
                ),
                when_closed=WhenClosed.WAIT,
                wait_at_most=timedelta(days=1),
            ),
        },
    )


@pytest.mark.parametrize(
    ("key", "least", "most"),
    [
        ("max-turns", 1, 10_000),
        ("turn-timeout", "1s", "10m"),
        ("retention", "1h", "3650d"),
    ],
)
def test_the_least_and_the_most_that_an_error_names_are_taken(
    key: str, least: object, most: object
) -> None:
    for edge in (least, most):
        assert settings_with({key: edge})


@pytest.mark.parametrize(
    ("key", "least", "most"),
    [
        ("timeout", "1s", "30d"),
        ("owner-probe", "10s", "1d"),
        ("return-intent-threshold", 0.01, 1),
    ],
)
def test_so_are_those_of_a_plan(key: str, least: object, most: object) -> None:
    for edge in (least, most):
        assert settings_with_plan({key: edge})


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("max-turns", "20", 20),
        ("sends-a-second", " 7 ", 7),
        ("transcript", "true", True),
        ("profiles", "False", False),
    ],
)
def test_numbers_and_flags_may_come_from_the_environment_as_text(
    key: str, text: str, value: object
) -> None:
    """Rasa fills in `${NAME}` as text."""
    assert getattr(settings_with({key: text}), key.replace("-", "_")) == value


def test_a_button_s_payload_may_begin_with_a_dollar_sign() -> None:
    plan = settings_with_plan({"return-payloads": ["$BACK"]}).plans["default"]
    assert plan.return_payloads == ("$BACK",)


def test_so_may_a_plan_s() -> None:
    keys = {"last-messages": "false", "return-intent-threshold": "0.7"}
    plan = settings_with_plan(keys).plans["default"]
    assert (plan.last_messages, plan.return_intent_threshold) == (False, 0.7)


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


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8600", "meta.localhost", "127.0.0.1", "127.8.9.1", "[::1]:80"]
)
def test_graph_may_be_asked_over_plain_http_on_this_machine(host: str) -> None:
    assert settings_with({"graph-url": f"http://{host}/v25.0"})


@pytest.mark.parametrize("host", ["localhost:5005", "127.0.0.1"])
def test_so_may_the_bot(host: str) -> None:
    assert settings_with({"public-url": f"http://{host}"}).public_url == f"http://{host}"


def test_an_admin_token_of_sixteen_characters_is_long_enough() -> None:
    assert settings_with({"admin-token": "0123456789abcdef"}).admin_token == "0123456789abcdef"


@pytest.mark.parametrize("store", ["sqlite:///handover.db", "sqlite:////var/lib/handover.db"])
def test_a_store_may_be_a_file_here_or_anywhere(store: str) -> None:
    assert settings_with({"store": store}).store == store


@pytest.mark.parametrize("password", ["$ecret", "Pa$$word", "100$", "$1{2}"])
def test_a_secret_may_have_a_dollar_sign(password: str) -> None:
    assert settings_with({"verify": password}).verify == password
