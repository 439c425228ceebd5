"""What is kept of a span of history, and what another policy would keep of it. Reads, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.observe.sampling.facts import SessionFacts, sessions_of
from quarterdeck.observe.sampling.history import RunList, last_seen_between, runs_of_sessions
from quarterdeck.observe.sampling.options import SamplingOptions
from quarterdeck.observe.sampling.policy import Terms, closing_ns, decide_window
from quarterdeck.observe.sampling.summary import Summary, summarise

_KEYS = 2_000
LOOK_RUNS_MAX = 20_000
"""Runs behind a report: it is asked for often, and the newest tell what the policy does now."""


class DecisionList(RunList, Protocol):
    """Runs, and what was decided about their bodies."""

    def body_decisions(self, project: str, session_keys: Sequence[str]) -> Mapping[str, BodyDecision]: ...


class Looked(NamedTuple):
    """The answer; `truncated`: there were more runs than may be looked at, and the newest were taken."""

    summary: Summary
    truncated: bool


def look(store: DecisionList, project: str, window: tuple[int, int], options: SamplingOptions) -> Looked:
    """What was decided about the sessions last seen in a half-open span of time (ns)."""
    sessions, truncated = _sessions(store, project, window, options, min(options.runs_max, LOOK_RUNS_MAX))
    decisions = decisions_of(store, project, [session.session_key for session in sessions])
    return Looked(summarise([(s, decisions.get(s.session_key)) for s in sessions]), truncated)


def try_policy(store: RunList, project: str, window: tuple[int, int], options: SamplingOptions, key: bytes) -> Looked:
    """What `options` would have kept of the sessions last seen in a half-open span of time (ns), had it been in force.

    With mode `off` nothing is decided. Sessions that are not over count as they stand.
    """
    sessions, truncated = _sessions(store, project, window, options, options.runs_max)
    by_window: dict[int, list[SessionFacts]] = {}
    for session in sessions:
        by_window.setdefault(session.window(options.window_s), []).append(session)
    decisions = {
        decision.session_key: decision
        for number, members in by_window.items()
        for decision in decide_window(members, {}, Terms(options, key, number, closing_ns(number, options)))
    }
    return Looked(summarise([(s, decisions.get(s.session_key)) for s in sessions]), truncated)


def decisions_of(store: DecisionList, project: str, keys: Sequence[str]) -> dict[str, BodyDecision]:
    """Decisions by session key, asked for in parts."""
    found: dict[str, BodyDecision] = {}
    for at in range(0, len(keys), _KEYS):
        found.update(store.body_decisions(project, keys[at : at + _KEYS]))
    return found


def _sessions(
    store: RunList, project: str, window: tuple[int, int], options: SamplingOptions, most: int
) -> tuple[list[SessionFacts], bool]:
    runs = last_seen_between(store, project, *window, limit=most + 1)
    truncated = len(runs) > most
    whole = runs_of_sessions(store, project, runs[:most])
    since_ns, until_ns = window
    found = [s for s in sessions_of(whole, options) if since_ns <= s.last_seen_ns < until_ns]
    return found, truncated
