"""What was kept, or would be, summed up by reason and stratum. Pure: sessions and decisions in, numbers out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.observe.sampling.facts import SessionFacts
from quarterdeck.observe.sampling.strata import without_window
from quarterdeck.stats.weighted import relative_error

Decided = tuple[SessionFacts, BodyDecision | None]
"""A session and what was decided about its bodies (None: nothing yet)."""


@dataclass(frozen=True, slots=True)
class StratumSummary:
    """One stratum over all windows: sessions seen and kept, and between which odds they were drawn (None: nothing decided)."""

    stratum: str
    seen: int
    kept: int
    probability_low: float | None
    probability_high: float | None
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Summary:
    """`reasons` maps a reason to (sessions, kept ones). `unknown` maps an identity field to the sessions that lack it.

    `error` maps a quantity to the standard error, relative to the total, of its estimate from the kept sessions; None
    where nothing is known of it. `text_bytes` are estimates from tokens.
    """

    sessions: int
    runs: int
    undecided: int
    kept: int
    text_bytes: int
    text_bytes_kept: int
    reasons: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    strata: Sequence[StratumSummary] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    error: Mapping[str, float | None] = field(default_factory=dict)


def summarise(found: Sequence[Decided]) -> Summary:
    """Sum up; strata with most sessions first. Undecided sessions count as kept: their bodies are there."""
    decided = [(session, decision) for session, decision in found if decision is not None]
    reasons = Counter(decision.reason for _, decision in decided)
    kept = Counter(decision.reason for _, decision in decided if decision.kept)
    there = [session for session, decision in found if decision is None or decision.kept]
    return Summary(
        sessions=len(found),
        runs=sum(session.runs for session, _ in found),
        undecided=len(found) - len(decided),
        kept=sum(kept.values()),
        text_bytes=sum(session.text_bytes for session, _ in found),
        text_bytes_kept=sum(session.text_bytes for session in there),
        reasons={reason: (n, kept[reason]) for reason, n in reasons.most_common()},
        strata=_strata(decided),
        unknown=dict(Counter(name for session, _ in found for name in session.unknown)),
        error=expected_error(decided),
    )


def _strata(decided: Iterable[tuple[SessionFacts, BodyDecision]]) -> list[StratumSummary]:
    groups: dict[str, list[BodyDecision]] = {}
    for _, decision in decided:
        groups.setdefault(without_window(decision.stratum), []).append(decision)
    rows = [_stratum(name, decisions) for name, decisions in groups.items()]
    return sorted(rows, key=lambda row: (-row.seen, row.stratum))


def _stratum(name: str, decisions: Sequence[BodyDecision]) -> StratumSummary:
    odds = [decision.probability for decision in decisions if decision.probability is not None]
    return StratumSummary(
        stratum=name,
        seen=len(decisions),
        kept=sum(decision.kept for decision in decisions),
        probability_low=min(odds, default=None),
        probability_high=max(odds, default=None),
        reasons=dict(Counter(decision.reason for decision in decisions).most_common()),
    )


def expected_error(decided: Sequence[tuple[SessionFacts, BodyDecision]]) -> dict[str, float | None]:
    """Relative standard errors of estimated totals, from all sessions with known odds, kept or not."""
    known = [(session, d.probability) for session, d in decided if d.probability is not None]
    odds = [p for _, p in known]
    return {
        "sessions": relative_error([1.0] * len(known), odds),
        "tokens": relative_error([float(session.tokens or 0) for session, _ in known], odds),
        "cost_usd": relative_error([session.cost_usd or 0.0 for session, _ in known], odds),
    }
