"""What the way in measures of itself: Prometheus metrics, and the last minute for the health document."""

from __future__ import annotations

from collections import Counter, deque
from threading import Lock

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client import Counter as PrometheusCounter

_WINDOW_S = 60.0
_COMMITS_KEPT = 2_000


class IngestGauges:
    """Counts by the writer, the decoder and the doors; readable from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.spans = PrometheusCounter("quarterdeck_spans", "Spans committed.", registry=registry)
        self.repeats = PrometheusCounter("quarterdeck_spans_repeated", "Spans that were known.", registry=registry)
        self.rejections = PrometheusCounter(
            "quarterdeck_spans_rejected", "Spans refused one by one.", ["reason"], registry=registry
        )
        self.refusals = PrometheusCounter(
            "quarterdeck_requests_refused", "Requests turned away whole.", ["reason"], registry=registry
        )
        self.unstored = PrometheusCounter(
            "quarterdeck_items_unstored", "Metrics and logs accepted and not stored.", ["signal"], registry=registry
        )
        self.skeletons = PrometheusCounter(
            "quarterdeck_spans_skeleton", "Spans stored without their long texts under overload.", registry=registry
        )
        self.skeleton_share = Gauge(
            "quarterdeck_skeleton_share", "Share of new traces stored without long texts, now.", registry=registry
        )
        self.queue_bytes = Gauge("quarterdeck_ingest_queue_bytes", "Bytes waiting for a commit.", registry=registry)
        self.queue_requests = Gauge(
            "quarterdeck_ingest_queue_requests", "Requests waiting for a commit.", registry=registry
        )
        self.trace_spans = Gauge("quarterdeck_trace_table_spans", "Spans held in memory.", registry=registry)
        self.settle_lag = Gauge(
            "quarterdeck_settle_lag_seconds", "Age of the oldest unsettled span.", registry=registry
        )
        self.commit_seconds = Histogram(
            "quarterdeck_commit_seconds",
            "From the first byte of a group to its commit.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
            registry=registry,
        )
        self.runs_settled = PrometheusCounter("quarterdeck_runs_settled", "Runs written.", registry=registry)
        self._lock = Lock()
        self._acknowledged = 0
        self._repeated = 0
        self._rejected: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._recent: deque[tuple[float, int]] = deque()
        self._commit_ms: deque[float] = deque(maxlen=_COMMITS_KEPT)

    def committed(self, kept: int, repeated: int, now_s: float) -> None:
        """Spans of one commit."""
        self.spans.inc(kept)
        self.repeats.inc(repeated)
        with self._lock:
            self._acknowledged += kept
            self._repeated += repeated
            self._recent.append((now_s, kept))
            while self._recent and now_s - self._recent[0][0] > _WINDOW_S:
                self._recent.popleft()

    def answered(self, seconds: float) -> None:
        """One request, from its arrival to its commit."""
        self.commit_seconds.observe(seconds)
        with self._lock:
            self._commit_ms.append(seconds * 1e3)

    def rejected(self, reason: str) -> None:
        self.rejections.labels(reason).inc()
        with self._lock:
            self._rejected[reason] += 1

    def refused(self, reason: str) -> None:
        self.refusals.labels(reason).inc()
        with self._lock:
            self._refused[reason] += 1

    def totals(self) -> tuple[int, int, dict[str, int], dict[str, int]]:
        """(acknowledged, repeated, rejected by reason, refused by reason)."""
        with self._lock:
            return self._acknowledged, self._repeated, dict(self._rejected), dict(self._refused)

    def spans_per_s(self, now_s: float, up_s: float) -> float | None:
        """Mean of the last minute (of the time up, when shorter); None in the first second."""
        window = min(_WINDOW_S, up_s)
        if window < 1.0:
            return None
        with self._lock:
            return sum(n for at, n in self._recent if now_s - at <= window) / window

    def commit_ms(self, share: float) -> float | None:
        """A quantile of the latest answers, milliseconds; None when there was none."""
        with self._lock:
            found = sorted(self._commit_ms)
        return found[min(len(found) - 1, int(share * len(found)))] if found else None
