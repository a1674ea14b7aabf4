"""The targets under `notify`: what is taken, and what a mistake is told."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from channels.core.notices import EVERY_KIND, NoticeKind
from tests.unit.channels.core.settings.settings_samples import (
    REQUIRED,
    complaint_about,
    settings_with,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the specification's example
URL = "https://example.com/hooks/0123456789-token-in-the-path"
WEBHOOK = {"url": URL, "secret": SECRET}


def test_a_webhook_is_told_everything_unless_said_otherwise() -> None:
    [target] = settings_with({"notify": [WEBHOOK]}).notify
    assert (target.url, target.secret, target.events) == (URL, SECRET, EVERY_KIND)


def test_some_events_may_be_enough() -> None:
    [target] = settings_with({"notify": [{**WEBHOOK, "events": ["unanswered", "failed"]}]}).notify
    assert target.events == {NoticeKind.UNANSWERED, NoticeKind.FAILED}


def test_a_target_is_known_by_a_name_without_secrets() -> None:
    slack = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    targets = settings_with({"notify": [WEBHOOK, {"apprise": slack}]}).notify
    assert [target.shown for target in targets] == ["example.com", "slack"]
    for hidden in (SECRET, "token-in-the-path", "TIiajkdnlazkcOXrIdevi7FQ"):
        assert hidden not in repr(targets)


@pytest.mark.parametrize("address", ["http://10.0.0.7:8080/hook", "http://localhost/hook"])
def test_private_addresses_are_the_operators_own_choice(address: str) -> None:
    [target] = settings_with({"notify": [{**WEBHOOK, "url": address}]}).notify
    assert target.url == address


@pytest.mark.parametrize(
    ("notify", "complaint"),
    [
        (URL, "is not a list"),
        ({"url": URL}, "is not a list"),
        ([URL], r"notify\[0\] in credentials.yml is not a mapping"),
        ([{}], "must be one of two things"),
        ([{**WEBHOOK, "apprise": "slack://a/b/c"}], "must be one of two things"),
        ([{"url": URL}], "'url' and 'secret' go together"),
        ([{"apprise": "slack://a/b/c", "secret": SECRET}], "'url' and 'secret' go together"),
        ([{**WEBHOOK, "secret": "not-base64!"}], "openssl rand -base64 32"),
        ([{**WEBHOOK, "secret": "c2hvcnQ="}], "at least 24 bytes"),
        ([{**WEBHOOK, "url": "example.com"}], "is not a web address"),
        ([{**WEBHOOK, "url": "ftp://example.com"}], "is not a web address"),
        ([{**WEBHOOK, "url": "https://me:pw@example.com"}], "a user or a password"),
        ([{**WEBHOOK, "url": "https://me@example.com"}], "a user or a password"),
        ([{"apprise": "hello"}], "not an Apprise URL"),
        ([{**WEBHOOK, "events": []}], "waiting, opened, unanswered, answered, ended, failed"),
        ([{**WEBHOOK, "events": ["opened", "closed"]}], "has 'closed', which is not an event"),
        ([{**WEBHOOK, "event": ["opened"]}], "Did you mean 'events'"),
        ([WEBHOOK, WEBHOOK], r"notify\[1\] is listed twice"),
        ([{**WEBHOOK, "secret": "${NOTIFY_SECRET}"}], "environment variable that is not set"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed_and_no_secret(notify: Any, complaint: str) -> None:
    told = complaint_about({**REQUIRED, "notify": notify})
    assert re.search(complaint, told), told
    for hidden in (SECRET, "token-in-the-path", "c2hvcnQ", "pw@"):
        assert hidden not in told


def test_the_reminder_comes_after_two_minutes_or_as_the_plan_says() -> None:
    plans = {"sales": {"unanswered-notice": "30s"}}
    settings = settings_with({"notify": [WEBHOOK], "plans": plans})
    assert settings.plans["default"].unanswered_notice == timedelta(minutes=2)
    assert settings.plans["sales"].unanswered_notice == timedelta(seconds=30)


def test_nobody_is_reminded_where_nobody_wants_to_be() -> None:
    some = [{**WEBHOOK, "events": ["opened"]}]
    plans = {"sales": {"unanswered-notice": "30s"}}
    pages = {"111": {"page-access-token": "token", "plans": plans}}
    for notify in ([], some):
        keys = {"notify": notify, "plans": plans, "page-access-token": None, "pages": pages}
        settings = settings_with(keys)
        assert {plan.unanswered_notice for plan in settings.plans_of("111").values()} == {None}
        assert {plan.unanswered_notice for plan in settings.plans.values()} == {None}
