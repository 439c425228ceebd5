"""Recorded and simulated runs as rows of `quarterdeck estimate backtest`, in the order in which they began.

    python benchmarks/estimate_data.py --set tau2 --out tau2.jsonl

Recorded sets are read from `../shared/data` (QUARTERDECK_DATA names another place), their `dev/` alone. Refuses: a row counted
twice, 0 for what was not reported, and a cut run called finished. Where a set has no times, trials of one number come before
those of the next, as its own numbering says; each row then ends before the next begins.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

DATA = Path(os.environ.get("QUARTERDECK_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


class Row(NamedTuple):
    """One run. Times in seconds since the epoch; tokens None where they were not reported."""

    run_id: str
    task_key: str
    agent: str
    model: str
    started_at: float
    ended_at: float
    tokens_input: int | None
    tokens_output: int | None
    steps: int | None
    text: str | None
    finished: bool

    @property
    def total(self) -> int | None:
        if self.tokens_input is None or self.tokens_output is None:
            return None
        return self.tokens_input + self.tokens_output

    @property
    def scored(self) -> bool:
        """Whether its end is known exactly."""
        return self.finished and self.total is not None


def _csv(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _tokens(text: str) -> int | None:
    """0 is "not reported" in these sets."""
    value = int(float(text)) if text else 0
    return value if value > 0 else None


def _time(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def tau2() -> list[Row]:
    """Agent tokens of customer-service runs; its `timestamp` is the end."""
    tasks = json.loads((DATA / "tau2_retail_runs/dev/tasks.json").read_text(encoding="utf-8"))
    rows = []
    for run in _csv("tau2_retail_runs/dev/runs.csv.gz"):
        if run["duplicate_of"]:
            continue
        asked = tasks[run["task_id"]]["user_scenario"]["instructions"]
        ended, took = _time(run["timestamp"]), float(run["duration_sec"] or 0.0)
        rows.append(Row(
            run["simulation_id"], run["task_id"], f"retail-{run['harness']}", run["agent_model"] or "unknown", ended - took, ended,
            _tokens(run["assistant_prompt_tokens"]), _tokens(run["assistant_completion_tokens"]), int(run["assistant_calls"] or 0) or None,
            f"{asked.get('reason_for_call') or ''} {asked.get('task_instructions') or ''}".strip() or None,
            run["termination_reason"] == "user_stop",
        ))  # fmt: skip
    return _in_order(rows)


def autocoderover() -> list[Row]:
    """Five passes over the same issues."""
    rows = [
        Row(
            f"{run['run']}/{run['instance_id']}", run["instance_id"], run["agent"], run["model"],
            float(run["start_epoch"]), float(run["end_epoch"]),
            _tokens(run["total_input_tokens"]), _tokens(run["total_output_tokens"]), int(run["conversation_rounds"] or 0) or None,
            None, True,
        )
        for run in _csv("swe_lite_agent_costs/dev/autocoderover_runs.csv.gz")
    ]  # fmt: skip
    return _in_order(rows)


def swe_agent() -> list[Row]:
    """Three passes over the same issues, cut at $2; without times."""
    runs = sorted(_csv("swe_lite_agent_costs/dev/swe_agent_runs.csv.gz"), key=lambda run: run["run"])
    return [
        Row(
            f"{run['run']}/{run['instance_id']}", run["instance_id"], run["agent"], "gpt-4", float(60 * at), 60 * at + 59.0,
            _tokens(run["tokens_sent"]), _tokens(run["tokens_received"]), int(run["api_calls"] or 0) or None,
            None, run["exit_status"] in ("submitted", "early_exit"),
        )
        for at, run in enumerate(runs)
    ]  # fmt: skip


def terminal_bench() -> list[Row]:
    """Trials of 13 submissions; the longest report no tokens. Three submissions lack times: see the top."""
    lines = (DATA / "terminal_bench_trials/dev/tasks.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {task["task_id"]: task["instruction"] for task in map(json.loads, lines)}
    rows = []
    seen: dict[tuple[str, str], int] = {}
    for trial in _csv("terminal_bench_trials/dev/trials.csv.gz"):
        number = seen[trial["submission"], trial["task_id"]] = seen.get((trial["submission"], trial["task_id"]), 0) + 1
        began, ended = _trial_times(trial, number)
        agent, model = _who(trial["submission"])
        rows.append(Row(
            trial["trial_id"], trial["task_id"], agent, model, began, ended,
            _tokens(trial["total_input_tokens"]), _tokens(trial["total_output_tokens"]), None,
            texts.get(trial["task_id"]), trial["failure_mode"] not in ("agent_timeout", "unknown_agent_error"),
        ))  # fmt: skip
    return _in_order(rows)


def _trial_times(trial: dict[str, str], number: int) -> tuple[float, float]:
    if trial["agent_started_at"] and trial["agent_ended_at"]:
        return _time(trial["agent_started_at"]), _time(trial["agent_ended_at"])
    if trial["trial_started_at"] and trial["trial_ended_at"]:
        return _time(trial["trial_started_at"]), _time(trial["trial_ended_at"])
    day = trial["submission"][:8] if trial["submission"][:8].isdigit() else "20250910"
    at = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp() + 3_600 * number
    return at, at + 3_599


def _who(submission: str) -> tuple[str, str]:
    """(agent, model) of `20250711_openhands_claude-4-sonnet`."""
    parts = submission.split("_", 2)
    return (parts[1], parts[2]) if len(parts) == 3 else (submission, "unknown")


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.started_at, row.run_id))


# ---------------------------------------------------------------- simulated


class Fleet(NamedTuple):
    """What is simulated: `tasks` recur with a Zipf popularity; `cap` in tokens cuts; `steps` of the level at shares of the runs."""

    runs: int = 100_000
    tasks: int = 2_000
    agents: int = 12
    models: int = 4
    repeat_sigma: float = 0.45
    task_sigma: float = 0.7
    cap: float = 800_000.0
    steps: tuple[tuple[float, float], ...] = ((0.3, 1.6), (0.55, 0.7), (0.8, 1.35))
    slow: float = 0.5
    """The log-level rises by this much over all runs, evenly."""


def simulated(seed: int = 11, shape: Fleet | None = None) -> list[Row]:
    """Log-normal totals by task, agent and model, each step of the level for a third of the agents; repeats vary twofold."""
    fleet = shape or Fleet()
    rng = np.random.default_rng(seed)
    n = fleet.runs
    popular = 1 / np.arange(1, fleet.tasks + 1) ** 0.7
    task = rng.choice(fleet.tasks, n, p=popular / popular.sum())
    agent, model = rng.integers(0, fleet.agents, n), rng.integers(0, fleet.models, n)
    level = math.log(60_000) + rng.normal(0, fleet.task_sigma, fleet.tasks)[task]
    level += rng.normal(0, 0.5, fleet.agents)[agent] + rng.normal(0, 0.3, fleet.models)[model]
    level += rng.normal(0, 0.2, (fleet.agents, fleet.models))[agent, model]
    when = np.arange(n) / n
    for at, (share, factor) in enumerate(fleet.steps):
        level += np.where((when >= share) & (agent % 3 == at % 3), math.log(factor), 0.0)
    level += fleet.slow * when
    total = np.exp(level + fleet.repeat_sigma * rng.standard_normal(n))
    took = total / 1_000 * rng.uniform(0.7, 1.4, n)
    began = np.cumsum(rng.exponential(20.0, n))
    return [
        _simulated_row(at, task[at], agent[at], model[at], began[at], took[at], total[at], fleet.cap) for at in range(n)
    ]


def _simulated_row(
    at: int, task: int, agent: int, model: int, began: float, took: float, total: float, cap: float
) -> Row:
    cut = total > cap
    tokens = min(total, cap)
    return Row(
        f"run-{at:06d}", f"task-{task}", f"agent-{agent}", f"model-{model}", float(began), float(began + took * tokens / total),
        max(int(tokens * 0.96), 1), max(int(tokens * 0.04), 1), None, None, not cut,
    )  # fmt: skip


SETS: dict[str, Callable[[], list[Row]]] = {
    "tau2": tau2,
    "autocoderover": autocoderover,
    "swe_agent": swe_agent,
    "terminal_bench": terminal_bench,
    "simulated": simulated,
}
RECORDED = ("tau2", "autocoderover", "swe_agent", "terminal_bench")


def as_dict(row: Row) -> dict[str, Any]:
    """The columns that a backtest file has."""
    return row._asdict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=sorted(SETS), required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = SETS[given.set]()
    given.out.write_text("".join(json.dumps(as_dict(row)) + "\n" for row in rows), encoding="utf-8")
    print(f"{len(rows)} rows, {sum(row.scored for row in rows)} with a known end, in {given.out}")


if __name__ == "__main__":
    main()
