"""A few seconds of `make fuzz`, and that it finds what it looks for."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from channels.core.settings import settings
from channels.core.settings.sections import Key
from channels.core.settings.values import parse_flag
from channels.webhook import reading as webhook
from tests.search.fuzz import checks
from tests.search.fuzz.checks import Offence, take_delivery, take_settings, timed
from tests.search.fuzz.findings import MOST_GROWTH_KB, Findings
from tests.search.fuzz.odd.deliveries import OddDeliveries
from tests.search.fuzz.odd.settings import APP_SECRET
from tests.search.fuzz.run import fuzz_over_http, fuzz_portion
from tests.search.fuzz.served_channel import ServedChannel

SEED = 20_260_829


def test_thousands_of_odd_inputs_are_understood_or_refused() -> None:
    findings = fuzz_portion(SEED, 5_000)
    assert findings.offence is None, findings.culprit
    for result in ("UserMessage", "malformed", "settings", "refused settings", "keywords found"):
        assert findings.results[result] > 20


async def test_hundreds_of_odd_deliveries_are_answered(channel: ServedChannel) -> None:
    findings = await fuzz_over_http(channel, SEED, 300)
    assert findings.offence is None, findings.culprit
    assert findings.results["HTTP 200"] > 100


def test_the_same_seed_makes_the_same_deliveries() -> None:
    one, other = OddDeliveries(Random(SEED)), OddDeliveries(Random(SEED))
    assert [one.delivery() for _ in range(200)] == [other.delivery() for _ in range(200)]


def test_an_error_that_is_not_declared_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "LONGEST_MID", 10**9)  # so that a key may be of any length
    long_mid = b'{"sender":{"id":"22"},"message":{"mid":"%s","text":"hi"}}' % (b"m" * 3000)
    body = b'{"object":"page","entry":[{"id":"11","messaging":[%s]}]}' % long_mid
    with pytest.raises(Offence, match="raised AssertionError"):
        timed(take_delivery, body)


def test_a_secret_that_shows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    as_no_secret = Key(parse=parse_flag)
    monkeypatch.setitem(settings._CHANNEL_KEYS, "secret", as_no_secret)
    section = {"verify": "v", "app-id": "900", "secret": APP_SECRET, "page-access-token": "p"}
    with pytest.raises(Offence, match="shows"):
        timed(take_settings, section)


def test_an_input_that_takes_long_is_found() -> None:
    def count(to: int) -> Counter[str]:
        return Counter(str(number % 2) for number in range(to))

    with pytest.raises(Offence, match="took"):
        timed(count, 3_000_000)


async def test_a_line_of_the_log_that_is_long_is_found_even_in_a_task_that_nobody_waits_for(
    channel: ServedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "LONGEST_LOG", 20)
    findings = await fuzz_over_http(channel, SEED, 300)
    assert "logged " in (findings.offence or "")


def test_memory_that_grows_is_found() -> None:
    findings = Findings(peaks={1: [100_000, 100_000 + MOST_GROWTH_KB + 1], 2: [1, 1]})
    findings.judge_growth()
    assert findings.offence is not None
