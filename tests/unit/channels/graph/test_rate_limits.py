"""How long Meta is left alone, by what it asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.errors import GraphError, GraphThrottled
from channels.graph.refusals.refusals import (
    Fault,
    asked_to_wait,
    refusal,
    regain_access_after,
    unreadable,
)
from tests.unit.channels.graph.refused_call import read


@pytest.mark.parametrize("error", [unreadable("GET /me", 429), read(status=429, code=99999)])
def test_too_many_requests_are_a_rate_limit_whoever_says_so(error: GraphError) -> None:
    assert isinstance(error, GraphThrottled)
    assert error.lasts == timedelta(minutes=1)


NOW = "Mon, 30 Nov 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("7", timedelta(seconds=7)),
        ("0.5", timedelta(seconds=0.5)),
        ("Mon, 30 Nov 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("99999999999999", timedelta(days=1)),
        ("Mon, 30 Nov 2026 08:00:00 GMT", timedelta()),
        *[(odd, timedelta()) for odd in ("", "0", "-3", "soon", "nan", "inf", "7, 8", "09:02")],
    ],
)
def test_what_retry_after_asks_for_is_read(told: str, expected: timedelta) -> None:
    assert asked_to_wait({"Retry-After": told, "Date": NOW}) == expected


def test_a_time_to_wait_for_means_nothing_without_the_time_that_it_was_said_at() -> None:
    assert asked_to_wait({"Retry-After": "Mon, 30 Nov 2026 09:02:00 GMT"}) == timedelta()
    assert asked_to_wait({}) == timedelta()


@given(st.text(), st.text())
def test_no_retry_after_breaks_the_reader(told: str, date: str) -> None:
    assert asked_to_wait({"Retry-After": told, "Date": date}) >= timedelta()


@pytest.mark.parametrize(
    "error",
    [
        unreadable("GET /me", 429, retry_after=timedelta(seconds=90)),
        unreadable("GET /me", 503, retry_after=timedelta(seconds=90)),
        refusal(Fault(code=613), call="GET /me", status=400, retry_after=timedelta(seconds=90)),
        refusal(Fault(code=2), call="GET /me", status=503, retry_after=timedelta(seconds=90)),
    ],
)
def test_meta_is_left_alone_for_as_long_as_retry_after_says(error: GraphError) -> None:
    assert error.retry_after == timedelta(seconds=90)


def test_the_longer_of_both_waits_that_meta_asks_for_counts() -> None:
    usage = '{"1":[{"type":"messenger","estimated_time_to_regain_access":2}]}'
    shorter, longer = timedelta(seconds=90), timedelta(minutes=3)
    for told, expected in ((shorter, timedelta(minutes=2)), (longer, longer)):
        error = refusal(Fault(code=613), call="GET /me", status=400, usage=usage, retry_after=told)
        assert error.retry_after == expected


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ("", None),
        ("not json", None),
        ("[]", None),
        ('{"1":[{"type":"messenger","call_count":100}]}', None),
        ('{"1":[{"estimated_time_to_regain_access":0}]}', None),
        ('{"1":[{"estimated_time_to_regain_access":-3}]}', None),
        ('{"1":[{"estimated_time_to_regain_access":7}]}', timedelta(minutes=7)),
        ('{"1":[{"estimated_time_to_regain_access":"7"}]}', timedelta(minutes=7)),
        ('{"1":[{"estimated_time_to_regain_access":1e300}]}', timedelta(days=1)),
        (
            """{"1":[{"estimated_time_to_regain_access":7},{"estimated_time_to_regain_access":9}],
                "2":[{"estimated_time_to_regain_access":8}]}""",
            timedelta(minutes=9),
        ),
        (
            """{"1":null,"2":[null,{"type":5,"estimated_time_to_regain_access":9}],
                "3":[{"estimated_time_to_regain_access":1e999}],
                "4":[{"estimated_time_to_regain_access":"soon"}],
                "5":[{"type":"messenger","estimated_time_to_regain_access":2}]}""",
            timedelta(minutes=2),
        ),
    ],
)
def test_the_longest_wait_of_the_usage_header_counts(
    usage: str | None, expected: timedelta | None
) -> None:
    assert regain_access_after(usage) == expected


ADS = '{"type":"ads_management","estimated_time_to_regain_access":240}'
PAGES = '{"type":"pages","estimated_time_to_regain_access":30}'


@pytest.mark.parametrize("kind", ["messenger", "instagram"])
def test_only_the_lines_of_messaging_say_how_long_a_rate_limit_lasts(kind: str) -> None:
    own = f'{{"type":"{kind}","estimated_time_to_regain_access":2}}'
    usage = f'{{"1":[{ADS},{own},{PAGES}]}}'
    assert regain_access_after(usage) == timedelta(minutes=2)
    assert regain_access_after(f'{{"1":[{ADS}],"2":[{PAGES}]}}') is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [(613, timedelta(seconds=3)), (80006, timedelta(minutes=1)), (80001, timedelta(minutes=30))],
)
def test_a_rate_limit_waits_for_no_limit_of_another_kind(code: int, expected: timedelta) -> None:
    error = read(code=code, usage=f'{{"1":[{ADS},{PAGES}]}}')
    assert isinstance(error, GraphThrottled)
    assert error.lasts == expected


def test_a_rate_limit_lasts_as_long_as_meta_estimates() -> None:
    error = read(code=80006, usage='{"1":[{"estimated_time_to_regain_access":5}]}')
    assert isinstance(error, GraphThrottled)
    assert error.retry_after == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("code", "expected"), [(613, timedelta(seconds=3)), (80006, timedelta(minutes=1))]
)
def test_a_rate_limit_without_an_estimate_has_a_wait_of_its_own(
    code: int, expected: timedelta
) -> None:
    error = read(code=code)
    assert isinstance(error, GraphThrottled)
    assert error.lasts == expected
