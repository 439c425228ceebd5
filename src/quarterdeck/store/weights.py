"""How many runs of a window came through a head sampler, with which weights: what an estimated total is made from.

Runs of the window by their start, in whole minutes, as in `FleetReader.fleet`. Weights follow `model.runs.Run.weight`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import Protocol

from quarterdeck.model.runs import Run


@dataclass(frozen=True, slots=True)
class RunWeights:
    """`known` runs have a weight, `sampled` of them one above 1; `unknown` were sampled and their weight is not known.

    `total` is the sum of the known weights, `excess` that of weight·(weight − 1): the variance of the total as an
    estimate when runs were sampled independently.
    """

    known: int
    sampled: int
    unknown: int
    total: float
    excess: float


class WeightReader(Protocol):
    """Weights of runs, summed up."""

    def run_weights(self, project: str, since_ns: int, until_ns: int) -> RunWeights: ...


def weights_of(runs: Iterable[Run]) -> RunWeights:
    """Summed up in memory: what every engine must answer."""
    weights = [run.weight for run in runs]
    known = [weight for weight in weights if weight is not None]
    return RunWeights(
        known=len(known),
        sampled=sum(weight > 1 for weight in known),
        unknown=len(weights) - len(known),
        total=fsum(known),
        excess=fsum(weight * (weight - 1) for weight in known),
    )
