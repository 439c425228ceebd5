"""Months of the fleet of tests/sim/month.py: alerts while nothing changes, and how soon a change is told.

40 cohorts of 15,000 runs a month, conversations of ten alike runs, 5 % + 5 % day effects, tolerance 10 %, all signals of the
product with its own budget. The changes begin where the quiet month ends, each on a copy of that server's data.
"""

from __future__ import annotations

import atexit
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.sim import month
from tests.sim.month import DAY_S, Event, Month

from fleet_deck import STARTED_NS, Deck, opened
from fleet_load import batches, request_of, told

MONTH_DAYS = 30.0
SCALE = {False: (40, 600_000), True: (6, 30_000)}
"""`short` → cohorts, runs in the month."""
STEP = {False: 4_000, True: 1_000}
"""Runs between two looks of the watch in the quiet month; after a change it looks far more often."""
REPEATS = {False: 10, True: 2}
NEAR = 100
GIVE_UP = 40_000
QUIET_SEED, CHANGE_SEED = 1, 100

_kept: dict[bool, Path] = {}


def null(short: bool) -> dict[str, Any]:
    """One month without a change."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-null-"))
    cohorts, runs = SCALE[short]
    with opened(folder / "data") as deck:
        send(deck, Month(runs, cohorts=cohorts, seed=QUIET_SEED).events(), "quiet", STEP[short])
        alerts = deck.alerts()
        promise = deck.get("signals?limit=1")["promise"]
        streams = deck.get("signals?limit=3")["items"]
    _kept[short] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fired = [alert for alert in alerts if alert["fired_at"] is not None]
    return {
        "runs": runs,
        "cohorts": cohorts,
        "alerts_fired": len(fired),
        "bar": "at most 1 a month",
        "expected": round(promise["expected_so_far"], 3),
        "pending_shown": len(alerts) - len(fired),
        "fired": [alert["title"] for alert in fired],
        "conditions": {one["name"]: (one["holds"], one["because"]) for one in promise["conditions"]},
        "closest": [(one["signal"], one["lane"], one["evidence"], one["threshold"]) for one in streams],
    }


def one_cohort(short: bool) -> dict[str, Any]:
    """One cohort fails in .25 of its runs instead of .10."""
    found = [_until_told(short, number, partial(month.one_cohort, number)) for number in _cohorts(short)]
    own = [one["cohort_runs"] for one in found if one["told"]]
    named = sum(
        one["where"].get("agent") == f"agent-{number:02d}" for one, number in zip(found, _cohorts(short), strict=True)
    )
    return {
        "repeats": len(found),
        "told": len(own),
        "named": named,
        "cohort_runs_mean": round(statistics.mean(own)) if own else None,
        "cohort_runs_most": max(own, default=None),
        "bar": "mean at most 400 runs of the cohort (row 5, with noise)",
        "found": found,
    }


def diffuse(short: bool) -> dict[str, Any]:
    """Two fifths of all sessions are worse, in every cohort."""
    found = [_until_told(short, number, month.diffuse) for number in _cohorts(short)]
    runs = [one["fleet_runs"] for one in found if one["told"]]
    return {
        "repeats": len(found),
        "told": len(runs),
        "fleet_runs_mean": round(statistics.mean(runs)) if runs else None,
        "fleet_runs_most": max(runs, default=None),
        "bar": "mean at most 2,000 runs of the fleet (row 5, with noise)",
        "found": found,
    }


def send(deck: Deck, events: Iterable[Event], tag: str, step: int) -> None:
    """Runs in the order of their ends; the watch looks after every `step` of them."""
    for number, group in enumerate(batches(events, step)):
        deck.send(request_of([told(event, tag) for event in group], STARTED_NS), len(group))
        deck.look(STARTED_NS + int(group[-1].ended_s * 1e9))
        if number % 10 == 0:
            print(f"  day {group[-1].ended_s / DAY_S:.1f}", file=sys.stderr, flush=True)


def _cohorts(short: bool) -> list[int]:
    """Which cohort changes, one repetition each."""
    return [3 * number % SCALE[short][0] for number in range(REPEATS[short])]


def _until_told(short: bool, number: int, worse: Callable[[float], Any]) -> dict[str, Any]:
    """A change right after the quiet month, on a copy of its server, until an alert fires."""
    if short not in _kept:
        null(short)
    cohorts, runs = SCALE[short]
    since_s = MONTH_DAYS * DAY_S + 3_600.0
    changed = Month(
        runs // 5, cohorts=cohorts, days=MONTH_DAYS / 5, seed=CHANGE_SEED + number, begins_s=since_s, worse=worse(since_s)
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="fleet-change-") as folder:
        copy = Path(folder) / "data"
        shutil.copytree(_kept[short] / "data", copy, ignore=shutil.ignore_patterns("*.lock"))
        with opened(copy, now_ns=STARTED_NS + int(since_s * 1e9)) as deck:
            return _watched(deck, changed, number, since_s)


def _watched(deck: Deck, changed: Month, number: int, since_s: float) -> dict[str, Any]:
    seen = own = 0
    for group in batches(changed.events(), NEAR):
        deck.send(request_of([told(event, f"changed-{number}") for event in group], STARTED_NS), len(group))
        deck.look(STARTED_NS + int(group[-1].ended_s * 1e9))
        seen += len(group)
        own += sum(event.cohort == number for event in group)
        since = (STARTED_NS + int(since_s * 1e9)) / 1e9
        fired = [one for one in deck.alerts() if one["fired_at"] is not None and _second(one["fired_at"]) >= since]
        if fired:
            return {
                "told": True,
                "fleet_runs": seen,
                "cohort_runs": own,
                "where": fired[0]["where"],
                "title": fired[0]["title"],
            }
        if seen >= GIVE_UP:
            break
    return {"told": False, "fleet_runs": seen, "cohort_runs": own, "where": {}}


def _second(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
