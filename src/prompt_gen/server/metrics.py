"""What is counted of a server, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from prompt_gen.server.worker import Worker

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0)


class Metrics:
    """Counters of one server. Labels are names of routes and reasons, never what was typed."""

    def __init__(self, worker: Worker) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, processor time, open files
        self.requests = self._counter("requests", "Answers, by status", "route", "status")
        self.seconds = Histogram(
            "prompt_gen_request_seconds",
            "From the whole head of a request to the end of its answer",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.first_list = Histogram(
            "prompt_gen_first_candidate_seconds",
            "From a request of /v1/complete to its first list that has a candidate",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.cancelled = self._counter("cancelled", "Answers nobody waited for", "reason")
        self.shared = self._counter("cache_hits", "Lists that were being computed already")
        self.hurried = self._counter(
            "hurried", "Lists of the memory alone, as there was no time for more"
        )
        self.reloads = self._counter("reloads", "Bundles loaded anew, or refused", "outcome")
        lanes = [lane.admission for lane in worker.lanes]
        self._gauge(
            "queue_depth",
            "Requests that wait to be worked for",
            lambda: sum(each.n_waiting for each in lanes),
        )
        self._gauge(
            "at_work",
            "Requests that are worked for",
            lambda: sum(each.n_at_work for each in lanes),
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"prompt_gen_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        Gauge(f"prompt_gen_{name}", meaning, registry=self.registry).set_function(value)

    def page(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self.registry)
