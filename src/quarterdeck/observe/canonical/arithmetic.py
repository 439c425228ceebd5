"""Token arithmetic: whatever the producer's rule, counts leave here inclusive.

Input includes cache reads and writes, output includes reasoning. Producers that report uncached input, or output
without reasoning, are recognised by the impossible (a part larger than its whole) and by identity with the total that
they report. Every correction has a name, which is kept as the span's `usage_confidence`.
Refuses to guess: what was not reported stays None; what cannot be a count is dropped and said so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quarterdeck.observe.canonical.values import REJECTED


class Reported(NamedTuple):
    """Tokens of one operation as its producer wrote them; None = not reported, REJECTED = not a count."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    total: int | None = None


class Counts(NamedTuple):
    """Tokens of one operation; None = not reported. `confidence` names how they were understood (None = no usage)."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    confidence: str | None = None

    @property
    def total(self) -> int | None:
        """input + output; None when neither is known."""
        if self.input is None and self.output is None:
            return None
        return (self.input or 0) + (self.output or 0)


NOTHING = Counts()

CONFIDENCES = {
    "exact": "reported as is; a reported total agrees, or there is nothing that could be counted twice",
    "recounted": "the producer is known to count a stream's opening twice; another view of the same call wins",
    "assumed": "cache tokens without a total: taken as included in the input",
    "producer": "the producer is known to report uncached input; cache tokens were added",
    "impossible": "more cache tokens than input (or reasoning than output): they were outside, and were added",
    "identity": "the reported total shows cache or reasoning tokens outside input or output; they were added",
    "doubled": "the reported total shows cache tokens counted twice; they were subtracted",
    "derived": "input or output was missing and follows from the reported total",
    "total_only": "only a total was reported",
    "mismatch": "the reported total is not explained by the parts",
    "cache_hit": "answered from a proxy's own cache: nothing was billed; the replayed counts stay in the raw attributes",
    "zero": "all counts were zero, which means not reported",
    "rejected": "a value could not be a count and was dropped",
    "unmapped": "the span has usage keys that no dialect reads; the counts may be incomplete",
}
"""Every value of `usage_confidence` with its meaning."""


def settle(reported: Sequence[int | None], *, excludes_cache: bool = False) -> Counts:
    """Inclusive counts from reported ones (a `Reported`, or its seven values in order).

    A REJECTED among them becomes None, and the confidence `rejected`.
    """
    tokens_in, tokens_out, read, write, write_1h, reasoning, total = reported
    if tokens_in and tokens_out and tokens_in > 0 and tokens_out > 0 and not excludes_cache:
        # the two common cases, without detours: nothing could be counted twice; parts, but no total to hold them against
        if not read and not write and not reasoning and not write_1h:
            if total is None or total == tokens_in + tokens_out:
                return Counts(tokens_in, tokens_out, read, write, write_1h, reasoning, "exact")
        elif total is None and _fits(tokens_in, read, write, write_1h) and _fits(tokens_out, reasoning, None, None):
            how = "assumed" if read or write else "exact"
            return Counts(tokens_in, tokens_out, read, write, write_1h, reasoning, how)
    if REJECTED not in reported:
        return _settle_clean(Reported(*reported), excludes_cache)
    clean = Reported(*(None if value == REJECTED else value for value in reported))
    return _settle_clean(clean, excludes_cache)._replace(confidence="rejected")


def _fits(whole: int, first: int | None, second: int | None, third: int | None) -> bool:
    """Whether the parts are proper counts (None = not reported) and the first two fit into the whole."""
    one, two = first or 0, second or 0
    return one >= 0 and two >= 0 and (third or 0) >= 0 and one + two <= whole


def _settle_clean(given: Reported, excludes_cache: bool) -> Counts:
    if all(value is None for value in given):
        return NOTHING
    if not any(given):
        return NOTHING._replace(confidence="zero")
    if given.input is None and given.output is None and not given.total:
        # parts without a whole: the whole is at least its parts, but how much more is not known
        return Counts(None, None, *given[2:6], "mismatch")
    if given.input is None or given.output is None:
        settled = _fill(given, excludes_cache)
    else:
        settled = _include(given.input, given.output, given, excludes_cache)
    overfull = settled.input is not None and _cached(given) > settled.input
    return Counts(settled.input, settled.output, *given[2:6], "mismatch" if overfull else settled.reason)


class _Settled(NamedTuple):
    input: int | None
    output: int | None
    reason: str


def _include(tokens_in: int, tokens_out: int, given: Reported, excludes_cache: bool) -> _Settled:
    """Input and output with cache and reasoning inside. The impossible first: a total may repeat its producer's mistake."""
    cached, thought = _cached(given), given.reasoning or 0
    if cached > tokens_in or (excludes_cache and cached):
        reason = "producer" if excludes_cache else "impossible"
        tokens_in, cached = tokens_in + cached, 0
    else:
        reason = "exact"
    if thought > tokens_out:
        tokens_out, thought, reason = tokens_out + thought, 0, "impossible"
    if given.total:
        return _hold_against(given.total, _Settled(tokens_in, tokens_out, reason), cached, thought)
    return _Settled(tokens_in, tokens_out, "assumed" if reason == "exact" and cached else reason)


def _hold_against(total: int, settled: _Settled, cached: int, thought: int) -> _Settled:
    """What the reported total says about parts that may stand inside or outside (`cached`, `thought`: not yet decided)."""
    tokens_in, tokens_out, reason = settled.input or 0, settled.output or 0, settled.reason
    left = total - tokens_in - tokens_out
    if left == 0 or (reason != "exact" and left < 0):
        return settled
    for add_in, add_out in ((cached, 0), (0, thought), (cached, thought)):
        if left == add_in + add_out:
            return _Settled(tokens_in + add_in, tokens_out + add_out, "identity")
    if cached and left == -cached and tokens_in >= 2 * cached:
        return _Settled(tokens_in - cached, tokens_out, "doubled")
    return settled._replace(reason="mismatch")


def _fill(given: Reported, excludes_cache: bool) -> _Settled:
    """One or both of input and output were not reported."""
    tokens_in, tokens_out, total = given.input, given.output, given.total
    cached, thought = _cached(given), given.reasoning or 0
    if tokens_in is not None and (excludes_cache or cached > tokens_in):
        tokens_in += cached
    if tokens_out is not None and thought > tokens_out:
        tokens_out += thought
    if tokens_in is None and tokens_out is None:
        return _Settled(total, None, "total_only")
    known = (tokens_in or 0) + (tokens_out or 0)
    if total is None or total == known:
        return _Settled(tokens_in, tokens_out, "assumed" if cached else "exact")
    if total < known:
        return _Settled(tokens_in, tokens_out, "mismatch")
    if tokens_in is None:
        return _Settled(total - known, tokens_out, "derived")
    return _Settled(tokens_in, total - known, "derived")


def _cached(given: Reported) -> int:
    return (given.cache_read or 0) + (given.cache_write or 0)
