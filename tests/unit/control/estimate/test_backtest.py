"""History is replayed as it was known at the time; and on recorded runs the quantiles hold."""

from __future__ import annotations

import csv
import gzip
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from quarterdeck.control.estimate import Backtest, Estimator, backtest
from quarterdeck.control.estimate.backtest import in_order, replay
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import Ended, Identity, Quantity, Task

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("QUARTERDECK_DATA", ROOT / "../shared/data")).resolve()
AGENT = Identity("a", "m")


def _run(start: float, end: float | None, total: float, *, finished: bool = True) -> Ended:
    return Ended(Task(key="t"), AGENT, {"tokens_total": total}, finished, start, end)


def test_only_what_had_ended_before_is_learned() -> None:
    """A long run that began first ends last: nobody that began before its end knows it."""
    runs = [_run(0, 100, 1e6), _run(1, 2, 1_000), _run(3, 4, 1_000), _run(100, 101, 1_000), _run(101, 102, 1_000)]
    scored = list(replay(in_order(reversed(runs)), "tokens_total", Estimator()))
    assert [one.run.started_at_s for one in scored] == [3, 100, 101]
    assert [one.constant.q99 < 2_000 for one in scored] == [True, True, False]
    assert scored[2].said.q50 > 1.2 * scored[1].said.q50


def test_cut_runs_are_counted_and_never_scored() -> None:
    runs = [_run(at, at + 0.5, 1_000 + at) for at in range(20)]
    runs += [_run(20, 20.5, 500, finished=False), Ended(Task(), AGENT, {}, True, 21, 21.5)]
    ticks = count(step=7_000)
    found = backtest(runs, now_ns=lambda: next(ticks))
    assert (found.n, found.censored, found.unscored) == (19, 2, 1)
    assert found.predict_us_p50 == 7.0
    assert found.worst == {"0.5": None, "0.9": None, "0.99": None}
    assert set(found.as_json()) == {
        "n", "censored", "unscored", "coverage", "coverage_worst_500", "pinball", "pinball_constant", "median_width_ratio",
        "predict_us_p50",
    }  # fmt: skip


def test_nothing_to_score_is_unknown_not_zero() -> None:
    found = backtest([_run(0, 1, 5_000)])
    assert (found.n, found.unscored) == (0, 1)
    assert found.coverage["0.9"] is None
    assert found.median_width_ratio is None
    assert found.predict_us_p50 is None


def test_a_wrong_question_is_refused() -> None:
    with pytest.raises(BadInput, match="no quantity"):
        backtest([], "tokens")
    with pytest.raises(BadInput, match="run 1 has no started_at"):
        backtest([Ended(Task(), AGENT, {"tokens_total": 1.0})])


def test_the_worst_window_is_the_one_farthest_from_its_level() -> None:
    """Levels that were right for 600 runs, then everything doubles: the worst 500 say so, the whole less."""
    runs = [_run(at, at + 0.5, 1_000 + (at * 37) % 100) for at in range(600)]
    runs += [_run(at, at + 0.5, 40_000 + (at * 37) % 100) for at in range(600, 1_200)]
    found = backtest(runs)
    worst, whole = found.worst["0.5"], found.coverage["0.5"]
    assert worst is not None
    assert whole is not None
    assert abs(worst - 0.5) >= abs(whole - 0.5)


# ---------------------------------------------------------------- recorded runs


def _rows(name: str) -> list[dict[str, str]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"recorded data is absent: {path} (set QUARTERDECK_DATA)")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _total(*amounts: str) -> dict[Quantity, float]:
    total = sum(float(amount or 0) for amount in amounts)
    return {"tokens_total": total} if total > 0 else {}


def _tau2() -> list[Ended]:
    runs = []
    for row in _rows("tau2_retail_runs/dev/runs.csv.gz"):
        if row["duplicate_of"]:
            continue
        ended = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC).timestamp()
        spent = _total(row["assistant_prompt_tokens"], row["assistant_completion_tokens"])
        finished = row["termination_reason"] == "user_stop"
        identity = Identity(row["harness"], row["agent_model"] or "unknown")
        runs.append(
            Ended(Task(key=row["task_id"]), identity, spent, finished, ended - float(row["duration_sec"] or 0), ended)
        )
    return runs


def _autocoderover() -> list[Ended]:
    return [
        Ended(
            Task(key=row["instance_id"]), Identity(row["agent"], row["model"]),
            _total(row["total_input_tokens"], row["total_output_tokens"]), True,
            float(row["start_epoch"]), float(row["end_epoch"]),
        )
        for row in _rows("swe_lite_agent_costs/dev/autocoderover_runs.csv.gz")
    ]  # fmt: skip


def _swe_agent() -> list[Ended]:
    """After the other agent's runs; without times, in the order of its three passes."""
    rows = sorted(_rows("swe_lite_agent_costs/dev/swe_agent_runs.csv.gz"), key=lambda row: row["run"])
    return [
        Ended(
            Task(key=row["instance_id"]), Identity(row["agent"], "gpt-4"), _total(row["tokens_sent"], row["tokens_received"]),
            row["exit_status"] in ("submitted", "early_exit"), 1.8e9 + 60 * at, 1.8e9 + 60 * at + 59,
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip


def _terminal_bench() -> list[Ended]:
    """In the order of trials; 0 tokens are not reported."""
    rows = sorted(
        _rows("terminal_bench_trials/dev/trials.csv.gz"), key=lambda row: row["trial_name"].split(".")[-1][:6]
    )
    return [
        Ended(
            Task(key=row["task_id"]), Identity(row["submission"]), _total(row["total_input_tokens"], row["total_output_tokens"]),
            row["failure_mode"] not in ("agent_timeout", "unknown_agent_error"), 1.8e9 + 60 * at, 1.8e9 + 60 * at + 59,
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip


def _covers(found: Backtest) -> dict[str, float]:
    """Levels whose coverage is off by more than two points and two standard errors."""
    off = {}
    for level, share in found.coverage.items():
        aim = float(level)
        if share is None or abs(share - aim) > max(0.02, 2 * math.sqrt(aim * (1 - aim) / found.n)):
            off[level] = share or 0.0
    return off


@pytest.mark.parametrize(
    "load",
    [_tau2, _autocoderover, _swe_agent, _terminal_bench, lambda: [*_autocoderover(), *_swe_agent()]],
    ids=["tau2", "autocoderover", "swe_agent", "terminal_bench", "swe_lite"],
)
def test_quantiles_of_recorded_runs_hold(load: Callable[[], list[Ended]]) -> None:
    assert _covers(backtest(load())) == {}


@pytest.mark.parametrize(
    "load",
    [_tau2, _terminal_bench, lambda: [*_autocoderover(), *_swe_agent()]],
    ids=["tau2", "terminal_bench", "swe_lite"],
)
def test_every_loss_is_below_the_constants(load: Callable[[], list[Ended]]) -> None:
    found = backtest(load())
    for level, loss in found.pinball.items():
        base = found.pinball_constant[level]
        assert loss is not None
        assert base is not None
        assert loss < base, level
