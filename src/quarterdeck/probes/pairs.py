"""The decision of a probe: from pairs of (candidate failed, baseline failed) to regression, wobble or undecided.

Pure. Two processes bet on the same pairs, and the first that has won ends the probe. `TwoSample` bets against "both fail
equally often": at E >= 20 it is a regression. A reverse process bets against "the candidate fails more often by SIZE or
more": at E >= 10 it is a wobble. Refuses: a pair that is not whole, and more than PAIRS_MAX of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from quarterdeck.errors import BadInput
from quarterdeck.model.probes import Pair, Verdict
from quarterdeck.stats.processes import EProcess
from quarterdeck.stats.two_sample import TwoSample

PAIRS_MAX = 20
REGRESSION_AT = 20.0
"""E that is a regression: by Ville's inequality a false one has a chance of at most 5 % for any input whose two sides fail
equally often. Measured with 20 pairs: 0.1 % on the mix of a fleet, 0.4 % on an input that fails every second time."""
WOBBLE_AT = 10.0
"""E that is a wobble: a real difference of SIZE or more is called one in at most 10 % of cases; measured: 0.5 %."""
SIZE = 0.6
"""The difference in the share of failures that a probe must not miss: an input that failed once and fails now nearly always."""
FALSE_REGRESSION = 0.02
MISSED = 0.1


class Weighed(NamedTuple):
    """What the pairs say. `evidence` against "the same", `reverse_evidence` against "worse by SIZE"; 1 without pairs.

    `verdict` is None while more pairs may follow.
    """

    verdict: Verdict | None
    evidence: float
    reverse_evidence: float
    pairs: int
    candidate_failures: int
    baseline_failures: int


def weigh(pairs: Iterable[Pair], pairs_max: int = PAIRS_MAX) -> Weighed:
    """The verdict of these pairs, in their order; those after it are not read. Raises BadInput for a bad `pairs_max`."""
    if not 1 <= pairs_max <= PAIRS_MAX:
        raise BadInput(f"pairs: found {pairs_max}, expected 1 to {PAIRS_MAX}")
    forward, reverse = TwoSample(), EProcess((1 + SIZE) / 2, side="lower")
    found = Weighed(None, 1.0, 1.0, 0, 0, 0)
    for pair in pairs:
        evidence = forward.update(pair.candidate_failed, [pair.baseline_failed])
        back = reverse.update((pair.candidate_failed - pair.baseline_failed + 1) / 2)
        n = found.pairs + 1
        found = Weighed(
            _verdict(evidence, back, last=n >= pairs_max), evidence, back, n,
            found.candidate_failures + pair.candidate_failed, found.baseline_failures + pair.baseline_failed,
        )  # fmt: skip
        if found.verdict is not None:
            break
    return found


def _verdict(evidence: float, reverse: float, *, last: bool) -> Verdict | None:
    if evidence >= REGRESSION_AT:
        return "regression"
    if reverse >= WOBBLE_AT:
        return "wobble"
    return "undecided" if last else None


def in_words(found: Weighed) -> str:
    """One sentence: what was counted, and what that says."""
    if not found.pairs:
        return "no pair has been run yet"
    counted = (
        f"the candidate failed {found.candidate_failures} of {found.pairs} times, "
        f"the baseline {found.baseline_failures} of {found.pairs}"
    )
    says = _SAYS[found.verdict].format(e=found.evidence, r=found.reverse_evidence, size=SIZE * 100)
    return f"{counted}: {says}{_BOTH if _both_broken(found) else ''}"


def _both_broken(found: Weighed) -> bool:
    return min(found.candidate_failures, found.baseline_failures) >= 0.8 * found.pairs


_SAYS: dict[Verdict | None, str] = {
    "regression": "a regression (evidence {e:,.0f} of 20; two sides that fail equally often say so in at most one of fifty probes)",
    "wobble": "a wobble (evidence {r:,.0f} of 10 that it is not worse by {size:.0f} points; one that is gets this verdict in at most one of ten probes)",
    "undecided": "undecided (evidence {e:,.1f} of 20 for a regression, {r:,.1f} of 10 for a wobble)",
    None: "not decided yet (evidence {e:,.1f} of 20 for a regression, {r:,.1f} of 10 for a wobble)",
}
_BOTH = "; both sides fail on it nearly always: what is broken is not what differs between them"
