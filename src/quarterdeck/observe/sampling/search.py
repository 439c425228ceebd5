"""Which runs say a text, among those whose bodies are kept, and what that says of all runs.

Of more sessions than may be read, those with the smallest priorities of a second, independent draw are read: the part
that is read is then a random one, and its odds multiply with those of the first. Refuses: to read without a bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.observe.sampling.policy import DRAWN
from quarterdeck.observe.sampling.priority import priority
from quarterdeck.stats.weighted import Weighted, calibrate, weighted_share

_DEPTH_MAX = 64
"""Nesting of attribute values that is looked into; orjson itself stops at 254."""


class Kept(NamedTuple):
    """A session that may be read: its runs, the odds of its bodies (1: for certain or undecided, None: unknown), its stratum."""

    session_key: str
    runs: Sequence[Run]
    probability: float | None
    stratum: str


class Sample(NamedTuple):
    """`read` is to be read, `available` sessions have bodies; `dropped` runs have none. `drawn_from`: stratum → sessions drawn."""

    read: Sequence[Kept]
    available: int
    dropped: int
    drawn_from: Mapping[str, int]


def sample(
    project: str, runs: Sequence[Run], decisions: Mapping[str, BodyDecision], key: bytes, *, runs_max: int
) -> Sample:
    """Which sessions to read: all that have bodies, or a random part with at most `runs_max` runs."""
    by_session: dict[str, list[Run]] = {}
    for run in runs:
        by_session.setdefault(run.session_key, []).append(run)
    kept, dropped = [], 0
    drawn_from: Counter[str] = Counter()
    for name, members in by_session.items():
        decision = decisions.get(name)
        if decision is not None and decision.reason in DRAWN and decision.probability != 1.0:
            drawn_from[decision.stratum] += 1
        if decision is None:
            kept.append(Kept(name, members, 1.0, ""))
        elif decision.kept:
            kept.append(Kept(name, members, decision.probability, decision.stratum))
        else:
            dropped += len(members)
    kept.sort(key=lambda one: priority(key, project, one.session_key, draw="search"))
    return Sample(list(_within(kept, runs_max)), len(kept), dropped, drawn_from)


def _within(kept: Iterable[Kept], runs_max: int) -> Iterator[Kept]:
    left = runs_max
    for one in kept:
        left -= len(one.runs)
        if left < 0:
            return
        yield one


def estimate(read: Sequence[Kept], hits: Mapping[str, int], of: Sample) -> Weighted:
    """The share of all runs that say the text. `read`: what was read in the end; `hits`: session key → runs that say it.

    Where all kept sessions were read, weights are brought to the known number of sessions of each stratum.
    """
    odds = [one.probability for one in read]
    strata = [one.stratum for one in read]
    if len(read) == of.available:
        odds = calibrate(odds, strata, of.drawn_from)
    elif of.available:
        share = len(read) / of.available
        odds = [None if p is None else p * share for p in odds]
    sizes = [float(len(one.runs)) for one in read]
    found = [float(hits.get(one.session_key, 0)) for one in read]
    return weighted_share(found, odds, sizes, strata=strata)


def says(raw: RawSpan, text: str) -> bool:
    """Whether a text (lower case) stands in the attributes or events of a span, whatever its case."""
    return any(text in found.lower() for found in texts(raw))


def texts(raw: RawSpan) -> Iterator[str]:
    """Every text in the attributes and events of a span."""
    yield from _texts(raw.attributes, 0)
    for event in raw.events:
        yield from _texts(event.attributes, 0)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < _DEPTH_MAX and isinstance(value, dict):
        for part in value.values():
            yield from _texts(part, depth + 1)
    elif depth < _DEPTH_MAX and isinstance(value, list):
        for part in value:
            yield from _texts(part, depth + 1)
