"""The same items give the same e-values: evidence from `GET signals` against the statistics core fed with what was sent.

Single runs (no conversations), eight cohorts, six days, so that neither blocks nor seasons come in. The order is the one in
which the store wrote the runs; everything else is computed here from `quarterdeck.stats` alone.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.sim.month import Month

from fleet_deck import Deck, opened
from fleet_month import send
from quarterdeck.model.runs import Run
from quarterdeck.observe.signals import SignalsOptions
from quarterdeck.stats import Baseline, EDetector, Ranks

RUNS = {False: 20_000, True: 3_000}
COHORTS = 8
OPTIONS = SignalsOptions()
BUDGET_EVERY = 32
"""The patrol looks this often whether the fleet was seen for twice its longest usual run."""


def equal(short: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fleet-equal-") as folder, opened(Path(folder) / "data") as deck:
        month = Month(RUNS[short], cohorts=COHORTS, days=6.0, seed=5, noise=False)
        send(deck, month.events(), "equal", 500)
        shown = evidence_shown(deck)
        known = evidence_of(list(stored(deck)))
    both = sorted(shown.keys() & known.keys())
    distances = [abs(shown[key] - known[key]) / max(known[key], 1e-300) for key in both]
    return {
        "runs": RUNS[short],
        "streams": len(both),
        "streams_missing": len(known.keys() ^ shown.keys()),
        "largest_relative_distance": max(distances),
        "bar": "at most 1e-9 (sums in another order)",
        "equal": max(distances) <= 1e-9 and known.keys() == shown.keys(),
    }


Stream = tuple[str, str]
"""(signal, agent; "" = the whole fleet)"""


def evidence_shown(deck: Deck) -> dict[Stream, float]:
    found: dict[Stream, float] = {}
    cursor = ""
    while True:
        page = deck.get(f"signals?limit=100{cursor}")
        for one in page["items"]:
            if one["signal"] in VALUES:
                found[one["signal"], one["cohort"].get("agent", "")] = one["evidence"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def stored(deck: Deck) -> Iterator[Run]:
    """All runs in the order of writing."""
    seq = 0
    while True:
        runs, seq = deck.parts.store.runs_over(after_seq=seq, limit=2_000)
        yield from runs
        if len(runs) < 2_000:
            return


VALUES = {
    "failing": lambda run: float(run.failed),
    "retries": lambda run: run.retries / run.model_calls,
    "errors_inside": lambda run: run.errors / run.model_calls,
    "cache_miss": lambda run: 1 - run.tokens.cache_read / run.tokens.input,
}


def evidence_of(runs: list[Run]) -> dict[Stream, float]:
    """One `EDetector` a stream, each item against the `Baseline` of its cohort, by the rules of docs/design/signals.md."""
    detectors: dict[Stream, EDetector] = defaultdict(lambda: EDetector(0.5))
    normal: dict[Stream, Baseline] = defaultdict(lambda: Baseline(tolerance=OPTIONS.tolerance))
    lasting, warm, first, last = Ranks(0.0), False, runs[0].started_at_ns, 0
    for number, run in enumerate(runs, 1):
        last = max(last, run.last_seen_ns)
        lasting.learn(run.duration_s or 0.0)
        if number % BUDGET_EVERY == 0:
            warm = warm or last - first >= 2e9 * (lasting.quantile(0.95) or 0.0)
        for signal, value in VALUES.items():
            x, own = min(1.0, value(run)), normal[signal, run.agent or ""]
            if warm and own.n >= OPTIONS.warmup_runs:
                for scope in ("", run.agent or ""):
                    detectors[signal, scope].update(x, own.m)
            normal[signal, run.agent or ""] = own.absorb(x)
    return {key: detector.value for key, detector in detectors.items()}
