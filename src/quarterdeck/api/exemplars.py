"""Runs to open, read from the store: of two selections, of a signal, of an alert. At most 300 runs are read.

Refuses: to choose; that is `observe.signals.exemplars`. Everything here blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import Alert
from quarterdeck.model.measured import Measured
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding, Keys, StreamNow
from quarterdeck.observe.signals.exemplars import RUNS_MAX, Exemplar, choose
from quarterdeck.observe.signals.kinds import SIGNALS
from quarterdeck.observe.signals.signal import share
from quarterdeck.store.interface import RUN_FACETS, RunFilter, TelemetryStore

_OVER = ("finished", "lost")
_SCORE = "score:"
_FAILING = "failing"
_TOOL_ERRORS = "tool_errors"
_NAMED_MAX = 20
"""Runs that a finding names itself and that are read one by one."""

Value = Callable[[Run], float | None]


class Subject(NamedTuple):
    """What the exemplars are of: a signal, of the runs of `where`, a part of the runs of `cohort`; `before` was normal."""

    signal: str
    where: Keys
    cohort: Keys
    before: Measured
    until_ns: int | None = None


def exemplars_of(store: TelemetryStore, bad: RunFilter, healthy: RunFilter) -> tuple[Exemplar, ...]:
    """Of the newest runs of `bad`, beside healthy ones: the newest of `healthy` that are not among them. Raises BadInput."""
    ill = _newest(store, bad)
    known = {run.run_id for run in ill}
    return choose(ill, [run for run in _newest(store, healthy) if run.run_id not in known])


def exemplars_about(store: TelemetryStore, project: str, subject: Subject) -> tuple[Exemplar, ...]:
    """Of the newest runs of the slice that are worse than what was normal, beside healthy ones of its cohort."""
    inside, outside = _filters(project, subject)
    near, far = _newest(store, inside), _newest(store, outside)
    value = _value_of(store, project, subject, [*near, *far])
    line = _line(subject.before, [value(run) for run in (far or near)])
    near = [run for run in near if _within(run, subject.where)]
    bad = [run for run in near if _is_worse(value(run), line)]
    chosen = {run.run_id for run in bad}
    healthy = [run for run in (*near, *far) if run.run_id not in chosen and value(run) is not None]
    return choose(bad, [run for run in healthy if not _is_worse(value(run), line)])


def exemplars_of_stream(store: TelemetryStore, project: str, stream: StreamNow) -> tuple[Exemplar, ...]:
    """Of a stream that has risen or may rise: its newest runs."""
    where = stream.cohort if stream.deploy is None else stream.deploy.where
    return exemplars_about(store, project, Subject(stream.signal, where, stream.cohort, stream.before))


def exemplars_of_alert(store: TelemetryStore, alert: Alert) -> tuple[Exemplar, ...]:
    """Of the finding that leads the alert. Facts about live runs name their runs; they are held against healthy ones."""
    if not alert.findings:
        return ()
    first = alert.findings[0]
    if first.lane in ("live", "burn"):
        return _of_named(store, first)
    subject = Subject(first.signal, alert.where or first.where, first.cohort, first.before, alert.resolved_ns)
    return exemplars_about(store, alert.project, subject)


def exemplar_list(found: Sequence[Exemplar]) -> list[dict[str, Any]]:
    """As `ExemplarOut`."""
    return [one._asdict() for one in found]


def _of_named(store: TelemetryStore, finding: Finding) -> tuple[Exemplar, ...]:
    named = []
    for run_id in finding.run_ids[:_NAMED_MAX]:
        with suppress(NotFound):  # erased, or older than retention
            named.append(store.get_run(finding.project, run_id))
    healthy = RunFilter(
        finding.project, equals={**_equals(finding.where), "lifecycle": ("finished",)}, has=("succeeded",)
    )
    taken = {run.run_id for run in named}
    return choose(named, [run for run in _newest(store, healthy) if run.run_id not in taken])


def _newest(store: TelemetryStore, where: RunFilter) -> list[Run]:
    return list(store.list_runs(where, sort="started_at", cursor=None, limit=RUNS_MAX).items)


def _filters(project: str, subject: Subject) -> tuple[RunFilter, RunFilter]:
    """The slice, and its cohort. Where failing is the question the store is asked for failed and for good runs at once."""
    over: dict[str, tuple[str, ...]] = {"lifecycle": _OVER}
    inside = RunFilter(project, until_ns=subject.until_ns, equals=over | _equals(subject.where))
    outside = RunFilter(project, until_ns=subject.until_ns, equals=over | _equals(subject.cohort))
    if subject.signal != _FAILING:
        return inside, outside
    return replace(inside, has=("failed",)), replace(outside, has=("succeeded",))


def _equals(keys: Keys) -> dict[str, tuple[str, ...]]:
    """What a store can filter by; a tool is looked for in the runs themselves."""
    return {name: (value or "",) for name, value in keys if name in RUN_FACETS}


def _within(run: Run, where: Keys) -> bool:
    return all(value in run.tools for name, value in where if name == "tool" and value is not None)


def _value_of(store: TelemetryStore, project: str, subject: Subject, runs: Sequence[Run]) -> Value:
    """How to read the signal from a run; a posted score is read from the outcomes."""
    if subject.signal.startswith(_SCORE):
        name = subject.signal.removeprefix(_SCORE)
        told = store.outcomes_of(project, sorted({run.run_id for run in runs}))
        scores = {one.run_id: 1 - one.score for one in told if one.name == name and one.score is not None}
        return lambda run: scores.get(run.run_id)
    tool = dict(subject.where).get("tool")
    if subject.signal == _TOOL_ERRORS and tool:
        return lambda run: share(run.tool_errors.get(tool, 0), run.tools.get(tool))
    found = next((signal.of for signal in SIGNALS if signal.name == subject.signal), None)
    return found or (lambda _run: None)


def _line(before: Measured, values: Sequence[float | None]) -> float:
    """What counts as worse: more than was normal, else more than the median of the others; 0 when nothing is known."""
    if before.value is not None:
        return before.value
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 2] if known else 0.0


def _is_worse(value: float | None, line: float) -> bool:
    return value is not None and value > line
