"""Judgements that depend on dates, or on answers that the emulator does not give."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TypeVar

import msgspec
import pytest

from channels.core.meta.metas_clock import MOST_SKEW
from cli.doctor.answers import TOKEN, Subscription, TokenInfo
from cli.doctor.checks.app import CHECKS as APP_CHECKS
from cli.doctor.checks.app import AppFacts
from cli.doctor.checks.assistant import CHECKS as ASSISTANT_CHECKS
from cli.doctor.checks.assistant import AssistantFacts, DomainFacts, RuleFacts
from cli.doctor.checks.graph import CHECKS as GRAPH_CHECKS
from cli.doctor.checks.graph import VERSION_ENDS, GraphFacts
from cli.doctor.checks.token import CHECKS as TOKEN_CHECKS
from cli.doctor.checks.token import SOON, TokenFacts, unusable
from cli.doctor.checks.webhook import shown
from cli.doctor.findings import Check, Outcome, Unknown, examine

Facts = TypeVar("Facts")

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
GRAPH = GraphFacts(graph_url="https://graph.example/v25.0", now=NOW, answered=400, skew=timedelta())
TOKEN_INFO = TokenInfo(is_valid=True, app_id="900", type="PAGE", scopes=["pages_messaging"])
TOKEN_FACTS = TokenFacts(app_id="900", page="111", instagram=None, now=NOW, token=TOKEN_INFO)


def outcome(checks: tuple[Check[Facts], ...], name: str, facts: Facts) -> Outcome:
    findings = examine("", checks, facts)
    return next(finding.outcome for finding in findings if finding.check == name)


def of_token(name: str, **changes: object) -> Outcome:
    token = msgspec.structs.replace(TOKEN_INFO, **changes)
    return outcome(TOKEN_CHECKS, name, replace(TOKEN_FACTS, token=token))


@pytest.mark.parametrize("version", [name for name, end in VERSION_ENDS.items() if end])
def test_a_version_is_right_until_the_day_on_which_it_ends(version: str) -> None:
    end = VERSION_ENDS[version]
    assert end is not None
    last_day = datetime.combine(end, datetime.min.time(), timezone.utc) - SECOND
    facts = replace(GRAPH, graph_url=f"https://graph.example/{version}", now=last_day)
    assert outcome(GRAPH_CHECKS, "graph-version", facts) is Outcome.OK
    ended = replace(facts, now=last_day + SECOND)
    assert outcome(GRAPH_CHECKS, "graph-version", ended) is Outcome.WRONG


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://graph.facebook.com/v25.0", Outcome.OK),
        ("https://graph.facebook.com./v25.0", Outcome.OK),
        ("http://127.0.0.1:8600/v25.0", Outcome.OK),
        ("http://127.0.0.2:8600/v25.0", Outcome.OK),
        ("http://[::1]:8600/v25.0", Outcome.OK),
        ("http://LocalHost:8600/v25.0", Outcome.OK),
        ("http://emulator.example:8600/v25.0", Outcome.WRONG),
        ("http://emulator:8600/v25.0", Outcome.WRONG),
        ("http://192.168.0.7:8600/v25.0", Outcome.WRONG),
        ("https://graph.facebook.com.example/v25.0", Outcome.WRONG),
        ("https://graph.facebook.com@example/v25.0", Outcome.WRONG),
    ],
)
def test_graph_is_at_meta_or_on_this_machine(url: str, expected: Outcome) -> None:
    assert outcome(GRAPH_CHECKS, "graph-url", replace(GRAPH, graph_url=url)) is expected


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_may_differ_a_little(sign: int) -> None:
    near = replace(GRAPH, skew=sign * MOST_SKEW)
    assert outcome(GRAPH_CHECKS, "clock", near) is Outcome.OK
    far = replace(GRAPH, skew=sign * (MOST_SKEW + SECOND))
    assert outcome(GRAPH_CHECKS, "clock", far) is Outcome.WRONG


@pytest.mark.parametrize(
    ("check", "key"),
    [("token-expiry", "expires_at"), ("token-data-access", "data_access_expires_at")],
)
def test_an_end_that_is_near_is_wrong(check: str, key: str) -> None:
    assert of_token(check, **{key: 0}) is Outcome.OK
    assert of_token(check, **{key: int((NOW + SOON + SECOND).timestamp())}) is Outcome.OK
    assert of_token(check, **{key: int((NOW + SOON).timestamp())}) is Outcome.WRONG


@pytest.mark.parametrize(
    ("granular", "covered"),
    [
        ("[]", True),
        ('[{"scope": "pages_messaging"}]', True),
        ('[{"scope": "pages_messaging", "target_ids": ["111", "222"]}]', True),
        ('[{"scope": "pages_messaging", "target_ids": [111]}]', True),
        ('[{"scope": "pages_messaging", "target_ids": ["222"]}]', False),
        ('[{"scope": "pages_messaging", "target_ids": []}]', False),
    ],
)
def test_a_permission_without_targets_is_for_every_page(granular: str, covered: bool) -> None:
    scopes = f'"scopes": ["pages_messaging"], "granular_scopes": {granular}'
    assert (
        TOKEN.decode(f'{{"data": {{{scopes}}}}}').data.covers("pages_messaging", "111") is covered
    )


def test_a_token_does_not_show_in_what_meta_says_of_it() -> None:
    answer = TOKEN.decode('{"data": {"error": {"message": "Malformed access token EAAB123"}}}')
    assert answer.data.hiding("EAAB123").error.message == "Malformed access token ***"


def test_a_permission_that_was_not_granted_covers_nothing() -> None:
    assert not TOKEN_INFO.covers("pages_manage_metadata", "111")


@pytest.mark.parametrize(
    ("token", "told_by"),
    [
        (Unknown(told_by="app-secret"), "app-secret"),
        (TokenInfo(is_valid=False, app_id="900"), "token-valid"),
        (TokenInfo(is_valid=True, app_id="901"), "token-app"),
    ],
)
def test_a_token_that_can_not_be_used_says_which_check_is_about_it(
    token: TokenInfo | Unknown, told_by: str
) -> None:
    assert unusable(token, "900") == Unknown(told_by=told_by)


def test_a_token_of_the_app_can_be_used() -> None:
    assert unusable(msgspec.structs.replace(TOKEN_INFO, app_id=900), "900") is None


def test_a_valid_token_of_another_app_is_wrong() -> None:
    assert of_token("token-app", app_id="901") is Outcome.WRONG


def test_instagram_with_another_callback_url_is_wrong() -> None:
    page = Subscription(object="page", callback_url="https://bot.example/a", active=True)
    instagram = Subscription(object="instagram", callback_url="https://bot.example/b", active=True)
    facts = AppFacts(app_id="900", uses_instagram=True, subscriptions=[page, instagram])
    assert outcome(APP_CHECKS, "app-subscription-instagram", facts) is Outcome.WRONG


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://bot.example/webhook", "https://bot.example/webhook"),
        ("https://user:pass@bot.example:8443/webhook?a=b#c", "https://bot.example:8443/webhook"),
        ("http://[::1", "an address that can't be read"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, seen: str) -> None:
    assert shown(url) == seen


@pytest.mark.parametrize(
    ("policy", "expected"), [("FlowPolicy", Outcome.OK), ("RulePolicy", Outcome.WRONG)]
)
def test_an_assistant_of_flows_need_not_hear_that_somebody_else_began(
    policy: str, expected: Outcome
) -> None:
    facts = AssistantFacts(
        model="m.tar.gz",
        domain=DomainFacts(intents=["handover_ended"], entities=[], actions=[], slots={}),
        rules=RuleFacts(answered=[], handing_over=[], policies=[policy]),
        return_intents=[],
    )
    assert outcome(ASSISTANT_CHECKS, "intent-handover-started", facts) is expected
