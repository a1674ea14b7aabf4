"""Probes of threads' owners: within one budget, however many sessions are open."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions.session import Cause, Session
from channels.core.sessions.transitions import opening
from channels.handover.handovers import PROBES_A_SECOND, Probing
from channels.instruments.metrics import Metrics

NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


def session(owner_probe: timedelta) -> Session:
    plan = Plan(name="default", owner_probe=owner_probe)
    cause = Cause(at=NOW, key="cause")
    return opening(thread=Thread(page="1", user="2"), plan=plan, cause=cause, now=NOW)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def probing(metrics: Metrics) -> Probing:
    return Probing(metrics)


def shown(metrics: Metrics, name: str) -> float:
    lines = metrics.page().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_few_sessions_are_probed_as_often_as_their_plans_say(probing: Probing) -> None:
    probing.open_sessions_are(10)
    assert probing.interval(session(2 * MINUTE)) == 2 * MINUTE


def test_a_hundred_thousand_sessions_are_probed_within_the_budget(probing: Probing) -> None:
    probing.open_sessions_are(100_000)
    interval = probing.interval(session(2 * MINUTE))
    assert 100_000 / interval.total_seconds() <= PROBES_A_SECOND


def test_a_metric_says_how_far_the_interval_is_stretched(
    probing: Probing, metrics: Metrics
) -> None:
    probing.open_sessions_are(100_000)
    assert shown(metrics, "rasa_handover_owner_probe_interval_seconds") == (
        100_000 / PROBES_A_SECOND
    )
    assert shown(metrics, "rasa_handover_sessions_open") == 100_000


def test_no_second_has_more_probes_than_the_budget(probing: Probing) -> None:
    granted = [probing.may_probe(NOW) for _ in range(PROBES_A_SECOND + 3)]
    assert granted == [True] * PROBES_A_SECOND + [False] * 3


def test_the_next_second_has_its_own_probes(probing: Probing) -> None:
    for _ in range(PROBES_A_SECOND + 1):
        probing.may_probe(NOW)
    assert probing.may_probe(NOW + timedelta(seconds=1))
