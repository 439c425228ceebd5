"""The decision: which sessions of a window keep their bodies, and with which probability.

Pure: facts and earlier decisions in, decisions with their reason out. The draw is bottom-k: of the sessions of a
stratum that no rule keeps, those with the k smallest priorities stay. Given the others, each was in with the
probability τ, the (k+1)-th smallest priority, so 1/τ is its weight (Horvitz-Thompson for bottom-k with rank
conditioning: Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007; "Tighter estimation using
bottom-k sketches", VLDB 2008). τ only falls as sessions come in: what was left out never has to come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.observe.sampling.facts import SessionFacts
from quarterdeck.observe.sampling.options import SamplingOptions
from quarterdeck.observe.sampling.priority import priority
from quarterdeck.observe.sampling.strata import OTHER, admitted, cell_name, without_window

RESERVOIR = "reservoir"
ALL = "all"
TOP_COST = "top_cost"
TOP_DURATION = "top_duration"
LATE = "late_evidence"
LATE_LOST = "late_evidence_lost"
DRAWN = frozenset({RESERVOIR, LATE_LOST})
"""Reasons of sessions that were left to the draw; every other one is kept for certain."""

Decisions = Mapping[str, BodyDecision]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller says: the options, the key of the draw, the window, and now."""

    options: SamplingOptions
    key: bytes
    window: int
    now_ns: int

    @property
    def closes_ns(self) -> int:
        """From then on no session of the window can still be silent too shortly."""
        return closing_ns(self.window, self.options)

    @property
    def closed(self) -> bool:
        return self.now_ns >= self.closes_ns

    def final(self, decision: BodyDecision) -> bool:
        """Made after the window closed: it may be followed by the removal of bodies."""
        return decision.decided_at_ns >= self.closes_ns


def closing_ns(window: int, options: SamplingOptions) -> int:
    """When a window closes: its end, and the time that a session must be silent."""
    return (window + 1) * options.window_s * 10**9 + int(options.hold_s * 1e9)


def decide_window(sessions: Sequence[SessionFacts], before: Decisions, terms: Terms) -> list[BodyDecision]:
    """Decisions that are new or have changed, for all silent sessions of one project and window.

    `sessions`: each once, with those that were decided in this window before; `before`: their decisions. While the
    window is open, decisions are provisional: no body is removed for them, and only new and turned ones are answered.
    """
    if terms.options.mode == "off":
        return []
    if terms.options.mode == "all":
        fresh = [session for session in sessions if session.session_key not in before]
        return [_certainly(session, ALL, _cell(session.stratum, terms), terms) for session in fresh]
    by_cell: dict[str, list[SessionFacts]] = {}
    for session, cell in zip(sessions, cells_of(sessions, before, terms), strict=True):
        by_cell.setdefault(cell, []).append(session)
    return [
        decision
        for cell, members in sorted(by_cell.items())
        for decision in _decide_cell(cell, members, before, terms)
        if _news(before.get(decision.session_key), decision, terms)
    ]


def cells_of(sessions: Sequence[SessionFacts], before: Decisions, terms: Terms) -> list[str]:
    """The cell of each session: the one it was decided in, else its own stratum, else `other`."""
    named = [without_window(decision.stratum) for decision in before.values()]
    own = admitted(
        (session.stratum for session in sessions if session.session_key not in before),
        list(dict.fromkeys(named)),
        terms.options.strata_max,
    )
    return [
        before[session.session_key].stratum
        if session.session_key in before
        else _cell(session.stratum if session.stratum in own else OTHER, terms)
        for session in sessions
    ]


def _cell(stratum: str, terms: Terms) -> str:
    return cell_name(terms.window, terms.options.window_s, stratum)


def _decide_cell(cell: str, members: Sequence[SessionFacts], before: Decisions, terms: Terms) -> Iterable[BodyDecision]:
    """All members of one stratum in one window."""
    settled = {key: decision for key, decision in before.items() if terms.final(decision)}
    certain = _certain(members, before, settled, terms)
    drawn = [session for session in members if session.session_key not in certain]
    places = {session.session_key: priority(terms.key, session.project, session.session_key) for session in drawn}
    earlier = [d.probability for key in places if (d := settled.get(key)) is not None and d.probability is not None]
    threshold = min([threshold_of(list(places.values()), terms.options.reservoir), *earlier])
    for session in members:
        key = session.session_key
        held = settled.get(key)
        if key in certain:
            yield _certainly(session, certain[key], cell, terms)
        elif held is not None and not held.kept:  # left out it stays, and the grace still counts from when it was
            yield replace(held, probability=threshold)
        else:
            yield BodyDecision(session.project, key, places[key] < threshold, threshold, RESERVOIR, cell, terms.now_ns)


def threshold_of(places: Sequence[float], most: int) -> float:
    """τ: the (k+1)-th smallest place, 1 while there are no more than k."""
    return sorted(places)[most] if len(places) > most else 1.0


def _certain(members: Sequence[SessionFacts], before: Decisions, settled: Decisions, terms: Terms) -> dict[str, str]:
    """Session key → reason, for those that are kept for certain. What was settled by the draw stays with the draw."""
    found: dict[str, str] = {}
    for session in members:
        held = settled.get(session.session_key)
        earlier = before.get(session.session_key)
        if earlier is not None and earlier.reason == LATE:
            found[session.session_key] = LATE
        elif held is not None:
            late = promoted(held, session.evidence, terms.now_ns, terms.options.grace_s)
            if held.reason not in DRAWN or late is not None:
                found[session.session_key] = held.reason if late is None else late.reason
        elif session.evidence is not None:
            found[session.session_key] = session.evidence
    share = int(terms.options.top_share * len(members))
    for reason, measure in _MEASURES:
        for session in _largest(members, measure, share):
            if session.session_key not in settled:
                found.setdefault(session.session_key, reason)
    return found


_Measure = Callable[[SessionFacts], float | None]
_MEASURES: tuple[tuple[str, _Measure], ...] = (
    (TOP_COST, lambda session: session.cost_usd),
    (TOP_DURATION, lambda session: session.duration_s),
)


def _largest(sessions: Sequence[SessionFacts], measure: _Measure, most: int) -> list[SessionFacts]:
    """The `most` largest by a measure, ties by session key; unknown ones are not large."""
    known = [(value, session) for session in sessions if (value := measure(session)) is not None]
    known.sort(key=lambda pair: (-pair[0], pair[1].session_key))
    return [session for _, session in known[:most]]


def promoted(decision: BodyDecision, evidence: str | None, now_ns: int, grace_s: float) -> BodyDecision | None:
    """What late evidence makes of a drawn decision: kept for certain while the bodies are held, else told as lost.

    None when nothing changes.
    """
    if evidence is None or decision.reason not in DRAWN:
        return None
    if now_ns < decision.decided_at_ns + grace_s * 1e9:
        return replace(decision, kept=True, probability=1.0, reason=LATE, decided_at_ns=now_ns)
    if not decision.kept and decision.reason != LATE_LOST:
        return replace(decision, reason=LATE_LOST)
    return None


def _certainly(session: SessionFacts, reason: str, cell: str, terms: Terms) -> BodyDecision:
    return BodyDecision(session.project, session.session_key, True, 1.0, reason, cell, terms.now_ns)


def _news(before: BodyDecision | None, after: BodyDecision, terms: Terms) -> bool:
    """Whether a decision must be written: it is new or turned; or the window is closed and it is not final yet."""
    if before is None or before.kept != after.kept or before.reason != after.reason:
        return True
    if not terms.closed:
        return False
    return not terms.final(before) or before.probability != after.probability
