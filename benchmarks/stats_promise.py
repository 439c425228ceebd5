"""The promise of the statistics core, measured: false alarms a month, delays, errors of gates and probes.

    python benchmarks/stats_promise.py [--rows 1,2,6] [--short]

Synthetic sessions, seeded. A fleet is 40 cohorts with 5 failure metrics: 200 cohort streams and 5 pooled ones, 15,000
sessions a month in each cohort. One false alarm a month is the budget: 30 % of it for pooled streams, 30 % for cohorts,
40 % for deploys. `--short` takes a tenth of the repetitions. Prints one JSON document; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.stats import chi2

from quarterdeck.stats import (
    DetectorBank,
    EProcess,
    Estimate,
    ExchangeProcess,
    Season,
    TwoSample,
    alarm_threshold,
    kl,
    name_level_interval,
    scan,
)
from quarterdeck.stats.bets import log_bet

COHORTS = 40
RATES = np.array([0.10, 0.05, 0.08, 0.02, 0.20])
MONTH = 15_000
HISTORY = 5_000
BUDGET = 1.0
COHORT_A = alarm_threshold(MONTH, BUDGET, 0.3 / (COHORTS * len(RATES)))
POOLED_A = alarm_threshold(MONTH * COHORTS, BUDGET, 0.3 / len(RATES))
DIFFUSE = np.array([0.16, 0.07, 0.104, 0.02, 0.20])


class Fleet:
    """`reps` fleets side by side: their streams, and how the outcomes of one round are drawn."""

    def __init__(self, reps: int, rng: np.random.Generator, *, noise: bool, block: int, tolerance: float) -> None:
        self.rng, self.reps, self.noise, self.block = rng, reps, noise, block
        per_month = MONTH / block
        shape = (reps, COHORTS, len(RATES))
        history = HISTORY / block if noise else 1e9
        seen = (
            rng.binomial(HISTORY, np.broadcast_to(RATES, shape)) / block
            if noise
            else np.broadcast_to(RATES * 1e9, shape)
        )
        self.cohorts = DetectorBank(
            np.full(shape, COHORT_A / MONTH * per_month), seen, history, tolerance=tolerance, learn=noise
        )
        pooled = seen.sum(axis=1) if noise else np.broadcast_to(RATES * 1e9, (reps, len(RATES)))
        fleet_history = history * COHORTS if noise else 1e9
        threshold = POOLED_A / MONTH * per_month
        self.pooled = DetectorBank(
            np.full((reps, len(RATES)), threshold), pooled, fleet_history, tolerance=tolerance, learn=noise
        )
        self.day_fleet = np.ones((reps, 1, len(RATES)))
        self.day_cohort = np.ones(shape)
        self.new_day()

    def new_day(self) -> None:
        """Five per cent of fleet-wide and of cohort day effects, log-normal with mean 1."""
        if self.noise:
            shape = self.cohorts.k.shape
            self.day_fleet = np.exp(self.rng.normal(0, 0.05, (self.reps, 1, len(RATES))) - 0.05**2 / 2)
            self.day_cohort = np.exp(self.rng.normal(0, 0.05, shape) - 0.05**2 / 2)

    def outcomes(self, rates: np.ndarray) -> np.ndarray:
        """One observation of each cohort stream: a session, or the mean of a block of ten that are alike (ICC .05)."""
        p = np.clip(np.broadcast_to(rates, self.cohorts.k.shape) * self.day_fleet * self.day_cohort, 0, 1)
        if not self.noise:
            return (self.rng.random(p.shape) < p).astype(float)
        spread = 1 / 0.05 - 1
        return self.rng.binomial(self.block, self.rng.beta(p * spread, (1 - p) * spread)) / self.block

    def round(self, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One observation from each cohort, to its own and to the pooled streams.

        Answers, per fleet, the number of alarms, and which cohort's observation was the first to raise one (-1: none).
        """
        x = self.outcomes(rates)
        pooled = np.stack([self.pooled.update(x[:, c]) for c in range(COHORTS)], axis=1).any(axis=2)
        own = self.cohorts.update(x).any(axis=2)
        hits = pooled | own
        first = np.where(hits.any(axis=1), hits.argmax(axis=1), -1)
        return hits.sum(axis=1), first


def null_months(months: int, seed: int, *, noise: bool) -> dict[str, object]:
    """False alarms of a fleet in which nothing changes."""
    fleet = Fleet(
        months, np.random.default_rng(seed), noise=noise, block=10 if noise else 1, tolerance=0.1 if noise else 0.0
    )
    rounds = MONTH // fleet.block
    alarms = 0
    for at in range(rounds):
        if at % (rounds // 30) == 0:
            fleet.new_day()
            progress(f"  day {at // (rounds // 30) + 1} of 30")
        found, _ = fleet.round(RATES)
        alarms += int(found.sum())
    upper = float(chi2.ppf(0.95, 2 * (alarms + 1)) / 2 / months)
    return {"months": months, "alarms": alarms, "alarms_per_month": alarms / months, "upper_95": round(upper, 3)}


def delay(reps: int, seed: int, *, noise: bool, one_cohort: bool) -> dict[str, object]:
    """Sessions from the change to the first alarm: of the fleet, or of the one cohort that changed."""
    fleet = Fleet(
        reps, np.random.default_rng(seed), noise=noise, block=10 if noise else 1, tolerance=0.1 if noise else 0.0
    )
    for _ in range(25):
        fleet.round(RATES)
    rates = np.broadcast_to(RATES, (COHORTS, len(RATES))).copy()
    if one_cohort:
        rates[0, 0] = 0.25
    else:
        rates[:] = DIFFUSE
    waited = np.full(reps, np.nan)
    for at in range(4_000):
        if noise and at % (MONTH // 30 // fleet.block) == 0:
            fleet.new_day()
        _, first = fleet.round(rates)
        newly = (first >= 0) & np.isnan(waited)
        sessions = (at + 1) if one_cohort else at * COHORTS + first + 1
        waited[newly] = np.broadcast_to(sessions * fleet.block, waited.shape)[newly]
        if not np.isnan(waited).any():
            break
    return {"mean_sessions": round(float(np.nanmean(waited))), "found": int((~np.isnan(waited)).sum()), "of": reps}


def one_shot(reps: int, rng: np.random.Generator, p0: float, p1: float, alpha: float) -> tuple[float, float]:
    """Mean stop over log(1/alpha)/KL under p1, and the share of false rejections under p0 within ten times that."""
    bound = np.log(1 / alpha) / kl(p1, p0)
    won, lost = log_bet(1.0, p0), log_bet(0.0, p0)

    def stops(rate: float, steps: int) -> np.ndarray:
        logs = np.zeros((reps, len(won)))
        stop = np.full(reps, steps, dtype=float)
        open_ = np.ones(reps, dtype=bool)
        for at in range(steps):
            x = rng.random(reps) < rate
            logs += np.where(x[:, None], won, lost)
            hit = open_ & (np.exp(np.minimum(logs, 300)).mean(axis=1) >= 1 / alpha)
            stop[hit] = at + 1
            open_ &= ~hit
            if not open_.any():
                break
        return np.where(open_, np.inf, stop)

    found = stops(p1, int(40 * bound))
    false = stops(p0, int(10 * bound))
    return float(found[np.isfinite(found)].mean() / bound), float(np.isfinite(false).mean())


def row_6(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(6)
    pairs = [(0.02, 0.04), (0.05, 0.10), (0.10, 0.16), (0.10, 0.25), (0.20, 0.30)]
    out: dict[str, object] = {}
    for alpha in (0.05, 1 / 2000):
        found = [one_shot(int(1_000 * scale), rng, p0, p1, alpha) for p0, p1 in pairs]
        out[f"alpha_{alpha:g}"] = {
            "stop_over_bound_max": round(max(ratio for ratio, _ in found), 2),
            "stop_over_bound_mean": round(float(np.mean([ratio for ratio, _ in found])), 2),
            "false_alarms_max": round(max(false for _, false in found), 4),
        }
    return out


def two_sample_stop(
    rng: np.random.Generator, p0: float, p1: float, alpha: float, r: int, steps: int, shock: float
) -> int | None:
    test = TwoSample(*((p0 * 500), 500))
    for at in range(steps):
        if at % 30 == 0:
            move = rng.normal(0, shock)
        a, b = (float(np.clip(p + move, 0.005, 0.995)) for p in (p1, p0))
        if test.update(int(rng.random() < a), (rng.random(r) < b).astype(int).tolist()) >= 1 / alpha:
            return at + 1
    return None


def row_7(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(7)
    out: dict[str, object] = {}
    p0, p1, r = 0.10, 0.25, 3
    pooled = (p1 + r * p0) / (1 + r)
    growth = kl(p1, pooled) + r * kl(p0, pooled)
    for alpha in (0.05, 1 / 2000):
        bound = np.log(1 / alpha) / growth
        stops = [two_sample_stop(rng, p0, p1, alpha, r, 20_000, 0.0) for _ in range(int(400 * scale))]
        nulls = [two_sample_stop(rng, p0, p0, alpha, r, 400, 0.03) for _ in range(int(400 * scale))]
        reached = [stop for stop in stops if stop is not None]
        out[f"alpha_{alpha:g}"] = {
            "stop_over_bound": round(float(np.mean(reached) / bound), 2),
            "false_alarms_under_shared_shocks": round(sum(stop is not None for stop in nulls) / len(nulls), 4),
        }
    return out


def gate(reps: int, rng: np.random.Generator, p: float, floor: float, n_max: int) -> dict[str, float]:
    """Look after every session: ship when evidence says above the floor, kill when below; each side at 1/20."""
    up_won, up_lost = log_bet(1.0, floor), log_bet(0.0, floor)
    down_won, down_lost = log_bet(1.0, floor, side="lower"), log_bet(0.0, floor, side="lower")
    up = np.zeros((reps, len(up_won)))
    down = np.zeros((reps, len(up_won)))
    decided = np.zeros(reps, dtype=int)
    n = np.full(reps, n_max)
    for at in range(n_max):
        x = (rng.random(reps) < p)[:, None]
        up += np.where(x, up_won, up_lost)
        down += np.where(x, down_won, down_lost)
        ship = (decided == 0) & (np.exp(np.minimum(up, 300)).mean(axis=1) >= 20)
        kill = (decided == 0) & ~ship & (np.exp(np.minimum(down, 300)).mean(axis=1) >= 20)
        decided[ship], decided[kill] = 1, -1
        n[ship | kill] = at + 1
        if (decided != 0).all():
            break
    return {"ship": float((decided == 1).mean()), "kill": float((decided == -1).mean()), "n_mean": float(n.mean())}


def row_8(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(8)
    return {f"p_{p}": gate(int(2_000 * scale), rng, p, 0.90, 5_000) for p in (0.90, 0.94, 0.86)}


def probe(rng: np.random.Generator, candidate: float, base: float) -> bool:
    """At most 20 pairs; a regression is called at E >= 20."""
    test = TwoSample()
    return any(test.update(int(rng.random() < candidate), [int(rng.random() < base)]) >= 20 for _ in range(20))


def row_9(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(9)
    n = int(5_000 * scale)
    flaky = rng.beta(0.5, 2.0, n)
    return {
        "false_regression_production_mix": round(float(np.mean([probe(rng, f, f) for f in flaky])), 4),
        "false_regression_half_flaky": round(float(np.mean([probe(rng, 0.5, 0.5) for _ in range(n)])), 4),
        "power_failure_95_against_05": round(float(np.mean([probe(rng, 0.95, 0.05) for _ in range(n // 5)])), 3),
    }


def row_10(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(10)
    sizes = (2, 5, 6, 7, 8)
    slices = sum(sizes) + sum(a * b for i, a in enumerate(sizes) for b in sizes[i + 1 :])
    out: dict[str, object] = {"slices": slices}
    for ways in (1, 2):
        right, reps = 0, int(150 * scale)
        for _ in range(reps):
            right += _localised(rng, sizes, ways)
        out["one_way" if ways == 1 else "two_way"] = right / reps
    return out


def _localised(rng: np.random.Generator, sizes: tuple[int, ...], ways: int) -> bool:
    """Sessions come in hundreds until the strongest slice reaches log(12,000); is it the one that changed?"""
    names = [f"d{i}" for i in range(len(sizes))]
    chosen = rng.choice(len(sizes), ways, replace=False)
    bad = {names[i]: str(rng.integers(sizes[i])) for i in chosen}
    columns = {name: np.zeros(0, dtype=str) for name in names}
    x = np.zeros(0)
    while True:
        drawn = {name: rng.integers(size, size=100).astype(str) for name, size in zip(names, sizes, strict=True)}
        hit = np.all([drawn[name] == value for name, value in bad.items()], axis=0)
        x = np.append(x, rng.random(100) < np.where(hit, 0.30, 0.10))
        columns = {name: np.append(columns[name], drawn[name]) for name in names}
        top = scan(x, 0.10, {name: column.tolist() for name, column in columns.items()})[0]
        if top.score >= np.log(12_000) or len(x) > 60_000:
            return dict(top.where) == bad


def row_11(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(11)
    null = [_canary(rng, drift=0.0) for _ in range(int(1_000 * scale))]
    drift = [_canary(rng, drift=0.3) for _ in range(int(200 * scale))]
    found = [n for n in drift if n is not None]
    return {
        "false_alarms": sum(n is not None for n in null) / len(null),
        "power": len(found) / len(drift),
        "calls_mean": round(float(np.mean(found))) if found else None,
    }


def _canary(rng: np.random.Generator, *, drift: float, prompts: int = 50, labels: int = 12) -> int | None:
    """Calls until E >= 100 that answers differ from 150 reference answers a prompt, or None within 700 calls.

    94 references teach what was usual, the others are spent four a call and teach it from then on. The score of an
    answer is how much more often it was seen lately than usual (shrunk by twenty pseudo-answers). Drift moves a share
    of the answers of 40 % of the prompts to one label.
    """
    old = rng.dirichlet(np.ones(labels), prompts)
    new = old.copy()
    moved = rng.permutation(prompts)[: int(0.4 * prompts)]
    new[moved] *= 1 - drift
    new[moved, rng.integers(labels, size=len(moved))] += drift
    known = np.stack([rng.multinomial(94, p) + 0.5 for p in old])
    seen = np.zeros((prompts, labels))
    test = ExchangeProcess()
    for call in range(700):
        prompt = call % prompts
        usual = known[prompt] / known[prompt].sum()
        score = (seen[prompt] + 20 * usual) / ((seen[prompt].sum() + 20) * usual)
        answer = rng.choice(labels, p=new[prompt])
        reference = rng.choice(labels, 4, p=old[prompt])
        if test.update(score[answer], score[reference]) >= 100:
            return call + 1
        seen[prompt, answer] += 1
        np.add.at(known[prompt], reference, 1)
    return None


def row_12(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(12)
    reps = int(2_000 * scale)

    def audit(names: int, resumes: int, ratio: float) -> bool:
        means = [
            1 / (1 + np.exp(-np.log(base / (1 - base)) - rng.normal(0, 0.3, names))) for base in (0.5 * ratio, 0.5)
        ]
        group, reference = (rng.binomial(resumes, p) / resumes for p in means)
        found = name_level_interval(group, reference)
        return isinstance(found, Estimate) and not found.low <= 1 <= found.high

    return {
        "type_1_20_names": sum(audit(20, 100, 1.0) for _ in range(reps)) / reps,
        "type_1_40_names": sum(audit(40, 100, 1.0) for _ in range(reps)) / reps,
        "power_ratio_0.84_40_names": sum(audit(40, 100, 0.84) for _ in range(reps)) / reps,
    }


def row_13(scale: float) -> dict[str, object]:
    rng = np.random.default_rng(13)
    reps = int(1_000 * scale)

    def flagged(true: float, steps: int) -> int | None:
        test = EProcess(0.8, side="lower")
        return next((n + 1 for n in range(steps) if test.update(float(rng.random() < true)) >= 20), None)

    wrong = [flagged(0.6, 1_000) or 1_000 for _ in range(reps)]
    right = [flagged(0.8, 500) for _ in range(reps)]
    return {"median_to_flag": float(np.median(wrong)), "calibrated_ever": sum(n is not None for n in right) / reps}


SLOTS = 28
"""Six hours each: a wave of ±20 % over a week moves by 2 % within one."""


def wave(slot: np.ndarray | int) -> np.ndarray:
    return 1 + 0.2 * np.sin(2 * np.pi * np.asarray(slot) / SLOTS)


def row_14(scale: float) -> dict[str, object]:
    """A weekly season of ± 20 %: four weeks of history teach it, then months without change; four deploys a month."""
    rng = np.random.default_rng(14)
    months = int(60 * scale)
    fleet = Fleet(months, rng, noise=True, block=10, tolerance=0.1)
    seasons = []
    for rate in RATES:
        season = Season(SLOTS)
        per_slot = HISTORY * COHORTS // SLOTS * 3  # 15,000 sessions a cohort: four weeks
        season.learn(
            np.repeat(np.arange(SLOTS), per_slot),
            rng.random(SLOTS * per_slot) < np.repeat(rate * wave(np.arange(SLOTS)), per_slot),
        )
        seasons.append(season.factors())
    factors = np.array(seasons)
    fleet.day_fleet[:], fleet.day_cohort[:] = 1.0, 1.0
    alarms = 0
    rounds = MONTH // 10
    for at in range(rounds):
        slot = int(at * 30 / 7 / rounds * SLOTS) % SLOTS
        x = fleet.outcomes(RATES * wave(slot))
        known = factors[:, slot]
        alarms += sum(int(fleet.pooled.update(x[:, c], scale=known).any(axis=1).sum()) for c in range(COHORTS))
        alarms += int(fleet.cohorts.update(x, scale=known).any(axis=2).sum())
        if at % 150 == 0:
            progress(f"  {at} of {rounds}")
    deploys = [_deploy_without_change(rng) for _ in range(4 * months)]
    return {
        "months": months,
        "patrol_alarms_per_month": alarms / months,
        "deploy_alarms_per_month": round(4 * sum(deploys) / len(deploys), 3),
        "upper_95": round(float(chi2.ppf(0.95, 2 * (alarms + sum(deploys) + 1)) / 2 / months), 3),
    }


def _deploy_without_change(rng: np.random.Generator) -> bool:
    """A new version that is like the old one, 1:1 for a week of its cohort (3,500 sessions), alpha = .4 / 4 deploys."""
    test = TwoSample(50, 500)
    slots = np.arange(1_750) * SLOTS // 1_750
    new, old = (rng.random((2, 1_750)) < 0.1 * wave(slots)).astype(int)
    return any(test.update(int(x), [int(y)]) >= 10 for x, y in zip(new, old, strict=True))


def row_15(scale: float) -> dict[str, object]:
    """The share of a hard task class grows from 20 to 60 % in a month; the rate within each class stays."""
    rng = np.random.default_rng(15)
    months = int(60 * scale)
    rates = {"easy": 0.05, "hard": 0.20}
    fleet_threshold = POOLED_A / 10
    stratified = DetectorBank(np.full((months, 2), fleet_threshold), np.array([0.05, 0.20]) * 10_000, 10_000)
    naive = DetectorBank(np.full(months, fleet_threshold), 0.08 * 20_000, 20_000)
    mix = DetectorBank(np.full(months, fleet_threshold), 0.2 * 20_000, 20_000)
    counts = np.zeros(3)
    mix_at: list[float] = []
    rounds = MONTH * COHORTS // 10 // 10  # every tenth block of the fleet
    for at in range(rounds):
        hard = rng.random(months) < 0.2 + 0.4 * at / rounds
        p = np.where(hard, rates["hard"], rates["easy"])
        x = rng.binomial(10, rng.beta(p * 19, (1 - p) * 19)) / 10
        counts[0] += stratified.update(x, (np.arange(months), hard.astype(int))).sum()
        counts[1] += naive.update(x).sum()
        moved = mix.update(hard.astype(float))
        counts[2] += moved.sum()
        mix_at += [at / rounds] * int(moved.sum())
    return {
        "months": months,
        "stratified_alarms_per_month": counts[0] / months,
        "unstratified_alarms_per_month": counts[1] / months,
        "reported_as_mix_shift_per_month": counts[2] / months,
        "first_mix_shift_at_share": round(0.2 + 0.4 * min(mix_at), 2) if mix_at else None,
    }


def row_16(scale: float) -> dict[str, object]:
    """Outcomes come 1 to 72 hours late, a tenth never: a quiet month, and one cohort that gets worse."""
    rng = np.random.default_rng(16)
    months = int(400 * scale)
    quiet, found, in_time = 0, [], []
    for _ in range(months):
        quiet += _late_month(rng, 0.10, late=True) is not None
    for _ in range(max(20, int(100 * scale))):
        found.append(_late_month(rng, 0.25, late=True))
        in_time.append(_late_month(rng, 0.25, late=False))
    hit, hit_in_time = [h for h in found if h is not None], [h for h in in_time if h is not None]
    streams = COHORTS * len(RATES)
    return {
        "stream_months": months,
        "alarms_per_month_of_the_cohort_lane": quiet / months * streams,
        "promised": 0.3,
        "hours_to_alarm_late": round(float(np.mean(hit)), 1),
        "hours_to_alarm_in_time": round(float(np.mean(hit_in_time)), 1),
        "found": f"{len(hit)} of {len(found)}",
    }


def _late_month(rng: np.random.Generator, rate: float, *, late: bool) -> float | None:
    """Hours until the alarm of one cohort's stream in order of arrival (blocks of ten arrivals), None without."""
    came = np.sort(rng.random(MONTH)) * 720
    day = np.exp(rng.normal(0, 0.07, 34) - 0.07**2 / 2)
    p = np.clip(rate * day[(came // 24).astype(int)], 0, 1)
    outcome = rng.random(MONTH) < p
    if late:
        came = came + rng.uniform(1, 72, MONTH)
        known = rng.random(MONTH) < 0.9
        came, outcome = came[known], outcome[known]
    order = np.argsort(came)
    came, outcome = came[order], outcome[order]
    blocks = outcome[: len(outcome) // 10 * 10].reshape(-1, 10).mean(axis=1)
    bank = DetectorBank(np.array([COHORT_A / 10]), 0.10 * HISTORY / 10, HISTORY / 10)
    for at, x in enumerate(blocks):
        if bank.update([x])[0]:
            return float(came[at * 10 + 9])
    return None


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


ROWS: dict[int, tuple[str, Callable[[float], dict[str, object]]]] = {
    1: ("no change, independent: false alarms a month", lambda s: null_months(int(60 * s), 1, noise=False)),
    2: ("no change, blocks and day effects: false alarms a month", lambda s: null_months(int(60 * s), 2, noise=True)),
    3: ("ideal, diffuse change: fleet sessions", lambda s: delay(int(150 * s), 3, noise=False, one_cohort=False)),
    4: ("ideal, one cohort: cohort sessions", lambda s: delay(int(150 * s), 4, noise=False, one_cohort=True)),
    5: (
        "noise, diffuse and one cohort",
        lambda s: {
            "fleet": delay(int(150 * s), 51, noise=True, one_cohort=False),
            "cohort": delay(int(150 * s), 52, noise=True, one_cohort=True),
        },
    ),
    6: ("one-shot: mean stop over the bound, false alarms", row_6),
    7: ("new against old: mean stop over the bound, false alarms under shared shocks", row_7),
    8: ("gate at a floor of .90, looked at after each session", row_8),
    9: ("wobble probe, at most 20 pairs", row_9),
    10: ("slice named at detection", row_10),
    11: ("vendor canary, 50 prompts", row_11),
    12: ("audit with names as the unit", row_12),
    13: ("calibration of stated probabilities", row_13),
    14: ("weekly season of ± 20 %, deploys against concurrent controls: false alarms a month", row_14),
    15: ("slow mix shift, same rates in each class: false alarms a month", row_15),
    16: ("outcomes late or never: false alarms, delay", row_16),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="numbers, comma-separated; all without")
    parser.add_argument("--short", action="store_true", help="a tenth of the repetitions")
    arguments = parser.parse_args()
    chosen = [int(row) for row in arguments.rows.split(",") if row] or list(ROWS)
    results = {}
    for row in chosen:
        title, measure = ROWS[row]
        progress(f"row {row}: {title}")
        began = time.perf_counter()
        results[row] = {
            "what": title,
            **measure(0.1 if arguments.short else 1.0),
            "took_s": round(time.perf_counter() - began, 1),
        }
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
