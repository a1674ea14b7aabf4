"""The page for Prometheus: from one process, and from several that share a directory."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from channels.core.records.kept import Backlog
from channels.graph.pages import PagesGraph
from channels.instruments.metrics import Metrics
from tests.fakes.graph import MemoryGraph
from tests.support.documents import codes, table

PROJECT = Path(__file__).parents[4]
NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)

WORKER = """
import sys
from datetime import datetime, timedelta, timezone
from channels.instruments.metrics import Metrics
from channels.store.protocol import Backlog

metrics = Metrics()
metrics.ended.labels("keyword").inc()
metrics.turn_taken(timedelta(seconds=2))
backlog = Backlog(waiting=int(sys.argv[1]), oldest_at=None, dead=0)
metrics.inbox_is(backlog, datetime.now(timezone.utc))
print(metrics.page().decode())
"""


def worker(directory: Path, waiting: int) -> str:
    """The page of a new process, which counts an end and sees this many events wait."""
    command = [sys.executable, "-c", WORKER, str(waiting)]
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def value(page: str, name: str, **labels: str) -> float:
    [found] = [
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    ]
    return found


@pytest.fixture(scope="module")
def page_of_two(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("metrics")
    worker(directory, waiting=7)
    return worker(directory, waiting=3)


def test_counters_of_several_processes_are_added_up(page_of_two: str) -> None:
    assert value(page_of_two, "rasa_handover_sessions_ended_total", reason="keyword") == 2


def test_histograms_of_several_processes_are_added_up(page_of_two: str) -> None:
    assert value(page_of_two, "rasa_handover_turn_seconds_count") == 2
    assert value(page_of_two, "rasa_handover_turn_seconds_sum") == 4


def test_what_all_processes_see_is_shown_as_it_was_seen_last(page_of_two: str) -> None:
    assert value(page_of_two, "rasa_handover_inbox_waiting") == 3


def test_a_clock_that_is_set_back_makes_no_sum_fall() -> None:
    metrics = Metrics()
    metrics.turn_taken(timedelta(seconds=-5))
    assert value(metrics.page().decode(), "rasa_handover_turn_seconds_sum") == 0


def test_an_event_from_the_future_has_not_waited() -> None:
    metrics = Metrics()
    metrics.inbox_is(Backlog(waiting=1, oldest_at=NOW + timedelta(seconds=5), dead=0), NOW)
    assert value(metrics.page().decode(), "rasa_handover_inbox_oldest_age_seconds") == 0


def test_acknowledgements_are_measured_by_their_status() -> None:
    metrics = Metrics()
    metrics.acknowledged(200, timedelta(milliseconds=3))
    metrics.acknowledged(403, timedelta(milliseconds=1))
    page = metrics.page().decode()
    for status, edge in (("200", "0.005"), ("403", "0.001")):
        assert value(page, "rasa_handover_ack_seconds_count", status=status) == 1
        assert value(page, "rasa_handover_ack_seconds_bucket", status=status, le=edge) == 1


def test_the_reference_lists_the_metrics_that_there_are() -> None:
    listed = [codes(row[0])[0] for row in table("docs/reference/metrics.md", "Metrics")]
    metrics = Metrics()
    PagesGraph(MemoryGraph(app_id="900"), metrics)
    page = metrics.page().decode()
    shown = [
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in text_string_to_metric_families(page)
        if not family.name.endswith("_created")
    ]
    assert sorted(listed) == sorted(shown)
