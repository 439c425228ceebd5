"""How fast one project may send: a token bucket of one second per project (Turner 1986). 0 = no limit."""

from __future__ import annotations

PROJECTS_MAX = 10_000


class TokenBuckets:
    """Spent after the fact (the number of spans is known only after decoding), asked before."""

    def __init__(self, spans_per_s: float) -> None:
        self._rate = spans_per_s
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, project: str, now_s: float) -> float:
        """Seconds until this project may send again; 0 = now."""
        if not self._rate:
            return 0.0
        tokens = self._level(project, now_s)
        return 0.0 if tokens > 0 else -tokens / self._rate + 1e-3

    def spend(self, project: str, spans: int, now_s: float) -> None:
        """Take what was sent; the level may fall below zero by one request."""
        if self._rate:
            if len(self._buckets) >= PROJECTS_MAX and project not in self._buckets:
                self._buckets.clear()
            self._buckets[project] = (self._level(project, now_s) - spans, now_s)

    def _level(self, project: str, now_s: float) -> float:
        tokens, at_s = self._buckets.get(project, (self._rate, now_s))
        return min(self._rate, tokens + (now_s - at_s) * self._rate)
