"""What runs will take, beside peers: recorded sets in time order, and a simulated fleet that drifts.

    python benchmarks/estimate.py [--set tau2|autocoderover|swe_agent|terminal_bench|simulated] [--refit 50] [--no-peers]

Everybody answers for the same rows in the same order and knows only what had ended before a row began: the quantiles .1, .5, .9
and .99 of its total tokens. Scored are runs whose end is known exactly, once fifty are known. The constant is the quantile of everything
seen. Peers (estimate_peers.txt, in var/peers/estimate) are fitted anew every `--refit` rows, once with the features that a user
has at hand (keys, text length) and once with running means of our keys as well; those are time-ordered too.
Prints one JSON document; progress goes to stderr. Exits 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimate_data import RECORDED, SETS, Row
from estimate_score import LEVELS, SCORED, constant, holds, replay, score, table
from quarterdeck.control.estimate import Estimator
from quarterdeck.model.estimates import Ended, Identity, Quantity, Task

Floats = NDArray[np.float64]
ROOT = Path(__file__).parents[1]
VENV = ROOT / "var/peers/estimate"
US_MAX = 50.0
SIMULATED_POINTS, SIMULATED_WORST = 0.01, 0.05


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def install() -> Path:
    """The Python of the peers."""
    python = VENV / "bin/python"
    if not (VENV / "bin/lightgbm-done").exists():
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], check=True)
        wanted = ["-r", str(Path(__file__).parent / "estimate_peers.txt")]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *wanted], check=True)
        (VENV / "bin/lightgbm-done").touch()
    return python


def peers(rows: Sequence[Row], refit: int) -> dict[str, tuple[Floats, float]]:
    """By name and features: quantiles in tokens, and microseconds a row."""
    python = install()
    with tempfile.TemporaryDirectory(prefix="qd-estimate-") as folder:
        given, made = Path(folder) / "table.npz", Path(folder) / "out.npz"
        np.savez(given, **table(rows, refit))
        script = Path(__file__).parent / "estimate_peer_models.py"
        subprocess.run([str(python), str(script), str(given), str(made)], check=True)
        found = dict(np.load(made))
    return {name: (np.exp(found[name]), float(found[f"{name}|us"])) for name in found if not name.endswith("|us")}


def as_ended(row: Row) -> Ended:
    spent: dict[Quantity, float] = {"seconds": row.ended_at - row.started_at}
    if row.tokens_input is not None and row.tokens_output is not None:
        spent |= {
            "tokens_input": row.tokens_input,
            "tokens_output": row.tokens_output,
            "tokens_total": float(row.total or 0),
        }
    if row.steps is not None:
        spent["steps"] = row.steps
    return Ended(
        Task(row.task_key, row.text), Identity(row.agent, row.model), spent, row.finished, row.started_at, row.ended_at
    )


def ours(rows: Sequence[Row]) -> tuple[Floats, float, float, float]:
    """Quantiles in tokens; median microseconds of total tokens alone (what a peer predicts), of an estimate of all quantities, of learning."""
    estimator = Estimator()
    found = np.full((len(rows), len(LEVELS)), np.nan)
    asking, all_of_it, learning = [], [], []
    clock = time.perf_counter_ns
    gc.disable()
    for at, (row, ended) in enumerate(replay(rows)):
        for past in map(as_ended, ended):
            before = clock()
            estimator.learn(past)
            learning.append(clock() - before)
        task, identity = Task(row.task_key, row.text), Identity(row.agent, row.model)
        before = clock()
        spread = estimator.spread(task, identity, "tokens_total")
        asking.append(clock() - before)
        before = clock()
        estimator.estimate(task, identity)
        all_of_it.append(clock() - before)
        if spread is not None:
            found[at] = spread
    gc.enable()
    one, whole, learned = (float(np.median(times)) / 1e3 for times in (asking, all_of_it, learning))
    return found, one, whole, learned


def measure(name: str, refit: int, *, with_peers: bool) -> dict[str, Any]:
    rows = SETS[name]()
    base = constant(rows)
    mine, ask_us, whole_us, learn_us = ours(rows)
    answers: dict[str, tuple[Floats, float]] = {"quarterdeck": (mine, ask_us), "constant": (base, 0.0)}
    if with_peers:
        answers |= peers(rows, refit)
    kept = np.array([row.scored for row in rows])
    for found, _ in answers.values():
        kept &= ~np.isnan(found[:, 0])
    truth = np.array([float(row.total or 0) for row in rows])[kept]
    out: dict[str, Any] = {"set": name, "rows": len(rows), "censored": sum(not row.scored for row in rows)}
    for who, (found, us) in answers.items():
        out[who] = {**score(truth, found[kept], base[kept]), "predict_us_p50": round(us, 1)}
        say(f"{name:15} {who:20} {out[who]}")
    out["quarterdeck"] |= {"estimate_us_p50": round(whole_us, 1), "learn_us_p50": round(learn_us, 1)}
    out["bars"] = bars(name, out)
    say(f"{name:15} {out['bars']}")
    return out


def bars(name: str, out: dict[str, Any]) -> dict[str, bool]:
    """Which figures of the design hold."""
    mine, base = out["quarterdeck"], out["constant"]
    best = {
        key: min(out[who]["pinball"][key] for who in out if "|" in who)
        for key in mine["pinball"]
        if "mapie|shipped" in out
    }
    found = {
        "coverage": holds(mine),
        "pinball_below_constant": all(mine["pinball"][key] < base["pinball"][key] for key in mine["pinball"]),
        "predict_us": mine["predict_us_p50"] <= US_MAX,
        "estimate_us": mine["estimate_us_p50"] <= US_MAX,
    }
    if best:
        found |= {f"pinball_{key}_best": mine["pinball"][key] <= best[key] for key in best}
    if name == "simulated":
        found["coverage"] = all(abs(mine["coverage"][str(q)] - q) <= SIMULATED_POINTS for q in SCORED)
        found["worst_500"] = all(abs(mine["worst_500"][str(q)] - q) <= SIMULATED_WORST + 1e-9 for q in SCORED)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=sorted(SETS), action="append")
    parser.add_argument(
        "--refit", type=int, help="rows between fits of the peers; 50, and 2,000 for the simulated fleet"
    )
    parser.add_argument("--no-peers", action="store_true")
    given = parser.parse_args()
    found = []
    for name in given.set or (*RECORDED, "simulated"):
        refit = given.refit or (2_000 if name == "simulated" else 50)
        found.append(measure(name, refit, with_peers=not given.no_peers))
    print(json.dumps({"what": "estimates of total tokens in time order", "sets": found}, indent=2))
    return 0 if all(all(one["bars"].values()) for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
