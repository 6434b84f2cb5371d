"""What Prometheus is told: requests, the queue, batches, latencies, the worker."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: Any = {"registry": self.registry}
        self.requests = Counter("dlss_requests", "Requests answered", ["route", "method", "status"], **own)
        self.seconds = Histogram("dlss_request_seconds", "Until answered", ["route"], buckets=SECONDS, **own)
        self.waiting = Gauge("dlss_queue_requests", "Requests that wait for the generator", **own)
        self.admitted = Gauge("dlss_requests_admitted", "Requests for images that are not answered yet", **own)
        self.kept = Gauge("dlss_results_kept", "Results kept for pages", **own)
        self.refused = Counter("dlss_queue_refused", "Requests refused with 429", **own)
        self.batch = Histogram("dlss_batch_requests", "Requests a batch", buckets=(1, 2, 3, 4, 6, 8, 12, 16, 32), **own)
        self.model_seconds = Histogram("dlss_model_seconds", "Of the generator, a batch", buckets=SECONDS, **own)
        self.ended = Counter("dlss_worker_ended", "Batches lost with a worker that ended", **own)
        self.available = Gauge("dlss_model_available", "Whether the generator can be asked", **own)

    def text(self) -> bytes:
        """In Prometheus' format."""
        return generate_latest(self.registry)
