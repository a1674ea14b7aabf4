"""What the plugin counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Metrics:
    """One worker's figures; `page` gives them in Prometheus' text format."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.opened = self._counter("sessions_opened", "Sessions opened.", "started_by")
        self.ended = self._counter("sessions_ended", "Sessions ended, by reason.", "reason")
        self.stuck = self._counter(
            "threads_not_returned",
            "Threads that Meta refuses to give back: switch on 'Take control of conversations'.",
        )
        self.requests = self._counter(
            "requests", "Apps that asked for a thread, by what they got.", "answer"
        )
        self.open = self._gauge("sessions_open", "Sessions that have not ended.")
        self.probe_interval = self._gauge(
            "owner_probe_interval_seconds",
            "How often the owner of a session's thread is asked for; it grows with the sessions.",
        )

    def page(self) -> bytes:
        return generate_latest(self._registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"rasa_handover_{name}", meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"rasa_handover_{name}", meaning, registry=self._registry)
