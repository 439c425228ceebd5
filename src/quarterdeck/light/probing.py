"""`qd.probe`: two functions, some inputs, and whether the first fails more often than the second.

Refuses: to call more pairs than it must. It stops at the first verdict.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from quarterdeck.clock import SystemClock
from quarterdeck.errors import BadInput
from quarterdeck.model.probes import Pair, Probe, ProbeCase, ProbeReply, Verdict
from quarterdeck.probes.checks import Check, check_of
from quarterdeck.probes.pairs import PAIRS_MAX, in_words, weigh
from quarterdeck.probes.run import Sides, Ways, run
from quarterdeck.probes.targets.function import Function


class Probed(NamedTuple):
    """What a probe found. `evidence` against "both fail equally often", `reverse_evidence` against "the candidate is much worse"."""

    verdict: Verdict
    pairs: tuple[Pair, ...]
    evidence: float
    reverse_evidence: float
    in_words: str


def probe(
    candidate: Callable[[str], Any],
    baseline: Callable[[str], Any],
    inputs: str | Sequence[str],
    *,
    check: Callable[[str], bool] | Mapping[str, Any] | None = None,
    pairs: int = PAIRS_MAX,
    pause: Callable[[float], object] = time.sleep,
) -> Probed:
    """Run inputs on both, in pairs, until it is a regression or a wobble; several inputs take turns.

    A side fails by an exception, or where `check` (a function of the answer's text that says whether it is good, or a
    description as in the how-to) says no. An exception with `status_code` 429 is a rate limit: it waits with `pause` and
    asks again. At most `pairs` pairs (20), then undecided. Chance of a false regression: at most 2 %.
    Raises BadInput for no input, a check that is none, or a number of pairs outside 1 to 20.
    """
    texts = [inputs] if isinstance(inputs, str) else list(inputs)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise BadInput("inputs: expected a text, or several")
    weigh((), pairs)
    ways = Ways(
        _nothing,
        lambda seconds: _drop(pause(seconds)),
        SystemClock().now_ns,
        lambda n: ProbeCase(texts[n % len(texts)]),
        _check(check),
    )
    ended = run(Probe("", "", "", "", "", 0, pairs_max=pairs), Sides(Function(candidate), Function(baseline)), ways)
    found = weigh(ended.pairs, pairs)
    assert found.verdict is not None
    return Probed(found.verdict, ended.pairs, found.evidence, found.reverse_evidence, in_words(found))


def _check(check: Callable[[str], bool] | Mapping[str, Any] | None) -> Check | None:
    if check is None or isinstance(check, Mapping):
        return check_of(check)
    if not callable(check):
        raise BadInput("check: expected a function of the answer's text, or a description")
    good = check

    def of_text(reply: ProbeReply) -> bool:
        return reply.ok and bool(good(reply.text))

    return of_text


def _nothing(_probe: Probe) -> None:
    """The probe lives as long as the call."""


def _drop(_answer: object) -> None:
    """Whatever a pause answers."""
