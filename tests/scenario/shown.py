"""What a worker's page for Prometheus shows, read as Prometheus reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.scenario.world import World


def shown(world: World, name: str, **labels: str) -> float:
    """The value of the one sample of that name and those labels, on the first worker's page."""
    page = world.engine.metrics.page().decode()
    [value] = [
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if (sample.name, sample.labels) == (f"rasa_handover_{name}", labels)
    ]
    return value
