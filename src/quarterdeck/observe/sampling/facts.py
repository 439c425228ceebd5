"""What is known of a session when its bodies are decided on: its runs, summed up.

Pure: runs in, facts out. Refuses: bodies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from quarterdeck.model.runs import Run
from quarterdeck.observe.sampling.options import KeepRule, SamplingOptions
from quarterdeck.observe.sampling.rules import evidence
from quarterdeck.observe.sampling.strata import stratum_of, unknown_parts, window_of
from quarterdeck.store.measures import LIVE, cost_usd

_CHARS_PER_TOKEN = 4
"""Of English text with current tokenizers; used for an estimate of bytes only."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session. `evidence` is the rule that keeps it for certain, None when there is none.

    `cost_usd`, `duration_s` and `tokens` are sums over the runs that know them, None when none does. `unknown` are
    identity fields that its first run does not say. `live`: a run of it is not over. `text_bytes` is an estimate
    from tokens, before anything is compressed or shared.
    """

    project: str
    session_key: str
    stratum: str
    unknown: tuple[str, ...]
    last_seen_ns: int
    live: bool
    runs: int
    evidence: KeepRule | None
    cost_usd: float | None
    duration_s: float | None
    tokens: int | None
    text_bytes: int

    def window(self, window_s: int) -> int:
        """The window in which it was last seen."""
        return window_of(self.last_seen_ns, window_s)


def facts_of(runs: Sequence[Run], keep: Collection[KeepRule], alerts: Collection[str] = ()) -> SessionFacts:
    """The facts of one session from all of its runs (at least one). `alerts`: run ids in an alert or incident."""
    ordered = sorted(runs, key=lambda run: (run.started_at_ns, run.run_id))
    first = ordered[0]
    tokens = [run.tokens.total for run in ordered if run.tokens.total is not None]
    return SessionFacts(
        project=first.project,
        session_key=first.session_key,
        stratum=stratum_of(first),
        unknown=unknown_parts(first),
        last_seen_ns=max(run.last_seen_ns for run in ordered),
        live=any(run.lifecycle in LIVE for run in ordered),
        runs=len(ordered),
        evidence=next((rule for run in ordered if (rule := evidence(run, keep, alerts)) is not None), None),
        cost_usd=_sum(cost_usd(run) for run in ordered),
        duration_s=_sum(run.duration_s for run in ordered),
        tokens=sum(tokens) if tokens else None,
        text_bytes=_CHARS_PER_TOKEN * sum(tokens),
    )


def sessions_of(runs: Iterable[Run], options: SamplingOptions, alerts: Collection[str] = ()) -> list[SessionFacts]:
    """Runs of one project, session by session, in order of the session keys."""
    by_session: dict[str, list[Run]] = {}
    for run in runs:
        by_session.setdefault(run.session_key, []).append(run)
    return [facts_of(by_session[key], options.keep, alerts) for key in sorted(by_session)]


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if known else None
