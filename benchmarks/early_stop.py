"""Early stop of runs that will fail: tokens of failing runs that are saved, and successes that are lost, on recorded runs.

    python benchmarks/early_stop.py --json early_stop.json

Runs are taken in time order. A rule knows only runs that had ended before this one began, also when it sets its own threshold: the
boldest by which the next run loses a success with odds of at most 0.01 (conformal: the (a+1)-th largest score of successes of the
past, (a+1) / n at most 0.01, n: past runs of the same kind; kind: how many runs of the same task were known, 0, 1, 2 or more).
The first 100 runs are never stopped and not counted.
Rules: ours (odds of success by step, state and task), the same without the task, a cap on tokens set in the same way, and 3 times
the median of the past. `swe_agent_steps` has characters, not tokens, per step: four are taken for a token.
Refuses: recorded sets that are not there.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path as File
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from estimate_data import DATA
from quarterdeck.control.tasks.live import LiveEstimate
from quarterdeck.control.tasks.paths import Path, Paths, Step

WARM_UP = 100
LOSS = 0.01
_AGAIN = 20
"""Runs after which a threshold is set anew."""


class Recorded(NamedTuple):
    """One run. Times in any unit that sorts."""

    path: Path
    started: float
    ended: float


class Trace(NamedTuple):
    """Of one run, for one rule: a score after each step (larger: stop sooner) and the tokens that were gone by then."""

    scores: tuple[float, ...]
    spent: tuple[float, ...]
    succeeded: bool
    kind: int


def tau2() -> list[Recorded]:
    """Customer-service runs; the agent's calls alone. `max_steps` is a cut."""
    messages: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(DATA / "tau2_retail_runs/dev/messages.parquet").to_pylist():
        messages.setdefault(row["simulation_id"], []).append(row)
    found = []
    with gzip.open(DATA / "tau2_retail_runs/dev/runs.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for run in csv.DictReader(file):
            told = sorted(messages.get(run["simulation_id"], ()), key=lambda one: one["turn_idx"])
            steps = list(_tau2_steps(told))
            if run["duplicate_of"] or not steps:
                continue
            path = Path(
                f"{run['agent_model']} {run['harness']}", steps, run["termination_reason"] != "max_steps",
                float(run["reward"] or 0.0) >= 1.0, run["task_id"],
            )  # fmt: skip
            found.append(Recorded(path, _seconds(told[0]["timestamp"]), _seconds(told[-1]["timestamp"])))
    return sorted(found, key=lambda one: one.started)


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def _tau2_steps(told: Iterable[dict[str, Any]]) -> Iterator[Step]:
    """A tool's error is the error of the call that asked for it."""
    seen: set[str] = set()
    step: Step | None = None
    for row in told:
        if row["role"] == "assistant" and row["prompt_tokens"]:
            if step is not None:
                yield step
            tools = row["tool_names"] or ""
            step = Step(row["prompt_tokens"], row["completion_tokens"] or 0.0, False, bool(tools) and tools in seen)
            seen.add(tools)
        elif row["role"] == "tool" and row["tool_error"] and step is not None:
            step = step._replace(error=True)
    if step is not None:
        yield step


def swe_agent() -> list[Recorded]:
    """SWE-agent under a cap of 2 dollars; runs of one repeat end before the next repeat begins."""
    actions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in pq.read_table(DATA / "swe_lite_agent_costs/dev/swe_agent_steps.parquet").to_pylist():
        actions.setdefault((row["run"], row["instance_id"]), []).append(row)
    found: list[Recorded] = []
    with gzip.open(DATA / "swe_lite_agent_costs/dev/swe_agent_runs.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda run: run["run"])
    for run in rows:
        steps = list(_swe_steps(actions.get((run["run"], run["instance_id"]), ())))
        if steps:
            path = Path(
                "SWE-agent", steps, run["exit_status"] == "submitted", run["resolved"] == "True", run["instance_id"]
            )
            found.append(Recorded(path, float(len(found)), len(found) + 0.5))
    return found


def _swe_steps(actions: Iterable[dict[str, Any]]) -> Iterator[Step]:
    seen: set[tuple[str, int]] = set()
    context = 6_000.0
    for row in sorted(actions, key=lambda one: one["step"]):
        answer = row["response_chars"] / 4.0
        what = (row["action_verb"], row["action_chars"])
        # An observation of a few characters after an edit is an error of the editor.
        yield Step(context, answer, row["action_verb"] == "edit" and row["observation_chars"] < 400, what in seen)
        seen.add(what)
        context += answer + row["observation_chars"] / 4.0


def traces(runs: list[Recorded], *, by_task: bool) -> list[Trace]:
    """Odds of failing after each step, each run from those that had ended before it began."""
    paths, ended, found = Paths(), _Ended(runs), []
    known: Counter[str | None] = Counter()
    for run in runs:
        for path in ended.before(run.started):
            known[path.task] += 1
            paths.learn(path if by_task else path._replace(task=None))
        live = LiveEstimate(paths, run.path.group, task=run.path.task if by_task else None)
        scores, spent, gone = [], [], 0.0
        for step in run.path.steps:
            live.step(step.tokens_input, step.tokens_output, step.error, step.repeat)
            gone += step.tokens_input + step.tokens_output
            scores.append(1.0 - (live.p_success() or 0.5))
            spent.append(gone)
        kind = min(known[run.path.task], 2) if by_task else 0
        found.append(Trace(tuple(scores), tuple(spent), bool(run.path.succeeded), kind))
    return found


def token_traces(runs: list[Recorded], *, of_median: bool) -> list[Trace]:
    """Tokens after each step; with `of_median` as a multiple of the median of its group's past."""
    ended, found, totals = _Ended(runs), [], {}
    for run in runs:
        for path in ended.before(run.started):
            total = sum(step.tokens_input + step.tokens_output for step in path.steps)
            totals.setdefault(path.group, []).append(total)
        median = statistics.median(totals.get(run.path.group, [float("inf")])) if of_median else 1.0
        gone, spent = 0.0, []
        for step in run.path.steps:
            gone += step.tokens_input + step.tokens_output
            spent.append(gone)
        found.append(Trace(tuple(one / median for one in spent), tuple(spent), bool(run.path.succeeded), 0))
    return found


class _Ended:
    """Runs in the order of their ends."""

    def __init__(self, runs: list[Recorded]) -> None:
        self._left = sorted(runs, key=lambda run: run.ended)
        self._at = 0

    def before(self, moment: float) -> Iterator[Path]:
        while self._at < len(self._left) and self._left[self._at].ended < moment:
            yield self._left[self._at].path
            self._at += 1


def score(runs: list[Recorded], found: list[Trace], threshold: Callable[[list[Trace]], float]) -> dict[str, float]:
    """What a rule saved and lost after the warm-up. `threshold` sets its own from traces of ended runs."""
    wasted = saved = lost = successes = stopped = 0.0
    limits: dict[int, float] = {}
    for number, (run, trace) in enumerate(zip(runs, found, strict=True)):
        if number < WARM_UP:
            continue
        if number % _AGAIN == 0:
            limits = {}
        if trace.kind not in limits:
            past = [one for other, one in zip(runs, found, strict=True) if other.ended < run.started]
            limits[trace.kind] = threshold([one for one in past if one.kind == trace.kind])
        limit = limits[trace.kind]
        at = next((k for k, one in enumerate(trace.scores[:-1]) if one > limit), None)
        successes += trace.succeeded
        stopped += at is not None
        if not trace.succeeded:
            wasted += trace.spent[-1]
            saved += 0.0 if at is None else trace.spent[-1] - trace.spent[at]
        elif at is not None:
            lost += 1
    n = len(runs) - WARM_UP
    return {
        "runs": n, "success": round(successes / n, 4), "stopped": round(stopped / n, 4),
        "saved_of_failing_tokens": round(saved / wasted, 4), "success_points_lost": round(100 * lost / n, 2),
    }  # fmt: skip


def learned(past: list[Trace]) -> float:
    """As the head of this file says. A run's own score is the largest before its last step."""
    good = sorted((max(one.scores[:-1], default=0.0) for one in past if one.succeeded), reverse=True)
    allowed = int(LOSS * len(past)) - 1
    return good[allowed] if 0 <= allowed < len(good) else float("inf")


def thrice(_past: list[Trace]) -> float:
    """Three medians."""
    return 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=File, help="write the figures here too")
    asked = parser.parse_args()
    if not DATA.exists():
        parser.exit(3, f"no recorded data at {DATA}; QUARTERDECK_DATA names another place\n")
    figures: dict[str, Any] = {}
    for name, runs in (("tau2", tau2()), ("swe_agent_steps", swe_agent())):
        rules = {
            "ours": (traces(runs, by_task=True), learned),
            "ours without the task": (traces(runs, by_task=False), learned),
            "cap on tokens": (token_traces(runs, of_median=False), learned),
            "3 x median": (token_traces(runs, of_median=True), thrice),
        }
        figures[name] = {rule: score(runs, found, threshold) for rule, (found, threshold) in rules.items()}
        for rule, row in figures[name].items():
            print(f"{name:16} {rule:24} {row}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
