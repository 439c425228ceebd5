"""Probes measured: false regressions, power and reruns, beside what people do: one retry, best of three.

    python benchmarks/probes.py [--reps 5000] [--short]

Synthetic inputs, seeded: each side fails with a chance of its own. "mix" is what a fleet's failing inputs are like (a chance of
failing from beta(.5, 2), the same on both sides); the others are fixed. A retry says "regression" when the candidate
fails once more; best of three when it fails at least twice of three. Prints one JSON document; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from quarterdeck.model.probes import Pair
from quarterdeck.probes.pairs import PAIRS_MAX, weigh


class Said(NamedTuple):
    """A verdict, and how many times an input was run for it."""

    verdict: str
    reruns: int


Side = Callable[[], bool]
Way = Callable[[Side, Side], Said]


def probe(candidate: Side, baseline: Side) -> Said:
    pairs: list[Pair] = []
    while (found := weigh(pairs)).verdict is None:
        pairs.append(Pair(candidate(), baseline()))
    return Said(found.verdict, 2 * found.pairs)


def one_retry(candidate: Side, _baseline: Side) -> Said:
    return Said("regression" if candidate() else "wobble", 1)


def best_of_three(candidate: Side, _baseline: Side) -> Said:
    return Said("regression" if sum(candidate() for _ in range(3)) >= 2 else "wobble", 3)


WAYS: dict[str, Way] = {"probe": probe, "one retry": one_retry, "best of three": best_of_three}


def cases(rng: np.random.Generator) -> dict[str, Callable[[], tuple[float, float]]]:
    def mix() -> tuple[float, float]:
        chance = float(rng.beta(0.5, 2.0))
        return chance, chance

    return {
        "the same: mix": mix,
        "the same: fails every second time": lambda: (0.5, 0.5),
        "the same: fails always": lambda: (1.0, 1.0),
        "worse: .95 against .05": lambda: (0.95, 0.05),
        "worse: .8 against .1": lambda: (0.8, 0.1),
        "worse: .5 against .1": lambda: (0.5, 0.1),
    }


def draws(rng: np.random.Generator, chance: float) -> Side:
    stream: Iterator[bool] = iter((rng.random(PAIRS_MAX) < chance).tolist())
    return lambda: next(stream)


def measure(reps: int, seed: int = 9) -> dict[str, dict[str, dict[str, float]]]:
    """Case → way → shares of verdicts and mean reruns."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    rng = np.random.default_rng(seed)
    for name, chances in cases(rng).items():
        print(name, file=sys.stderr)
        sides = [chances() for _ in range(reps)]
        found[name] = {}
        for way, decide in WAYS.items():
            said = [decide(draws(rng, candidate), draws(rng, baseline)) for candidate, baseline in sides]
            shares = {v: sum(one.verdict == v for one in said) / reps for v in ("regression", "wobble", "undecided")}
            found[name][way] = shares | {"reruns": round(float(np.mean([one.reruns for one in said])), 1)}
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--reps", type=int, default=5_000)
    options.add_argument("--short", action="store_true", help="a tenth of the repetitions")
    asked = options.parse_args()
    print(json.dumps(measure(asked.reps // 10 if asked.short else asked.reps), indent=2))


if __name__ == "__main__":
    main()
