"""Looks for a text in the bodies that are kept, and estimates how many of all runs say it.

Bounded three times: runs looked at, runs read, seconds. What is read is a random part, so the estimate holds for the
whole window whatever the bound. Refuses: sessions whose bodies were dropped; they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.api.services import ApiServices
from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.sampling import search_dict
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.sampling.dry_run import decisions_of
from quarterdeck.observe.sampling.search import Kept, Sample, estimate, sample, says, texts
from quarterdeck.store.interface import RunFilter, TraceKey

SECONDS_MAX = 5.0
"""Then the answer is given with what was read."""
_PAGE = 2_000
_TOGETHER = 32
"""Sessions read in one go: reading is dearest per question."""
_AROUND = 60
"""Characters of the text on either side of a match."""


def search_bodies(
    services: ApiServices, project: str, text: str, window: tuple[int, int], *, limit: int
) -> dict[str, Any]:
    """The document of `GET bodies/search`; `text` is matched in any case, `window` is on the start of runs."""
    options = services.sampling
    runs, more = _runs(services, project, window, options.runs_max)
    decisions = decisions_of(services.store, project, sorted({run.session_key for run in runs}))
    of = sample(project, runs, decisions, services.sampling_key, runs_max=options.search_runs_max)
    read, matches, hits = _read(services, project, of, text.lower())
    runs_read = sum(len(one.runs) for one in read)
    since_ns = min((run.started_at_ns for run in runs), default=window[0]) if more else window[0]
    return search_dict(
        sorted(matches, key=lambda match: (match["started_at"], match["run_id"]), reverse=True),
        window=(since_ns, window[1]),
        counts={"runs": len(runs), "runs_read": runs_read, "runs_without_bodies": of.dropped},
        truncated=len(read) < of.available,
        estimated=estimate(read, hits, of),
        limit=limit,
    )


def _runs(services: ApiServices, project: str, window: tuple[int, int], most: int) -> tuple[list[Run], bool]:
    """Runs that started in the window, newest first, and whether there are more."""
    where = RunFilter(project, *window)
    found: list[Run] = []
    cursor: str | None = None
    while True:
        page = services.store.list_runs(where, sort="started_at", cursor=cursor, limit=min(_PAGE, most - len(found)))
        found += page.items
        cursor = page.next_cursor
        if cursor is None or len(found) >= most:
            return found, cursor is not None


def _read(
    services: ApiServices, project: str, of: Sample, text: str
) -> tuple[list[Kept], list[dict[str, Any]], dict[str, int]]:
    """The sessions that were read in time, the runs that say the text, and how many of each session."""
    until_s = services.clock.monotonic_s() + SECONDS_MAX
    read: list[Kept] = []
    matches: list[dict[str, Any]] = []
    hits: dict[str, int] = {}
    for at in range(0, len(of.read), _TOGETHER):
        if services.clock.monotonic_s() >= until_s:
            break
        sessions = of.read[at : at + _TOGETHER]
        found = _matches(services, project, [run for session in sessions for run in session.runs], text)
        read += sessions
        matches += found.values()
        for session in sessions:
            hits[session.session_key] = sum(run.run_id in found for run in session.runs)
    return read, matches, hits


def _matches(services: ApiServices, project: str, runs: Sequence[Run], text: str) -> dict[str, dict[str, Any]]:
    """Run id → where it first says the text, in order of start. Few reads of the store for all runs together."""
    keys = list(dict.fromkeys((project, trace_id) for run in runs for trace_id in run.trace_ids))
    traces = services.store.load_traces(keys)
    own = {run.run_id: _own(services, run, traces) for run in runs}
    raws = services.store.spans_raw(project, list(dict.fromkeys(key for mine in own.values() for key in mine)))
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for key in own[run.run_id]:
            raw = raws.get(key)
            if raw is not None and says(raw, text):
                found[run.run_id] = _match(run, key, raw, text)
                break
    return found


def _own(services: ApiServices, run: Run, traces: Mapping[TraceKey, Sequence[Span]]) -> list[tuple[str, str]]:
    """The spans of the run itself, by start: its traces may hold those of other runs too."""
    spans = [span for trace_id in run.trace_ids for span in traces.get((run.project, trace_id), ())]
    spans.sort(key=lambda span: (span.start_ns, span.trace_id, span.span_id))
    keys = [(span.trace_id, span.span_id) for span in spans]
    if len(keys) == run.spans:
        return keys
    trees = [tree for tree in services.build_runs(spans) if tree.run.run_id == run.run_id]
    mine = {(node.trace_id, node.span_id) for tree in trees for node in tree.nodes}
    return [key for key in keys if key in mine]


def _match(run: Run, key: tuple[str, str], raw: RawSpan, text: str) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "session_id": run.session_id,
        "agent": run.agent,
        "started_at": rfc3339(run.started_at_ns),
        "trace_id": key[0],
        "span_id": key[1],
        "excerpt": next(excerpt for found in texts(raw) if (excerpt := _excerpt(found, text)) is not None),
    }


def _excerpt(found: str, text: str) -> str | None:
    at = found.lower().find(text)
    if at < 0:
        return None
    start, end = max(0, at - _AROUND), min(len(found), at + len(text) + _AROUND)
    return ("…" if start else "") + found[start:end] + ("…" if end < len(found) else "")
