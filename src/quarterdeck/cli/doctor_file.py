"""A file of OTLP JSON lines → findings: the server's decoder, dialects and run builder, without a server.

Refuses: a file in which nothing is OTLP JSON (BadFile). A bad line among good ones is a finding.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from quarterdeck.api.findings import Finding, Producer, TelemetryFacts, find
from quarterdeck.errors import BadFile, BadInput
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import Rejection
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest import IngestOptions, decode
from quarterdeck.observe.ingest.checks import NOTES, Limits
from quarterdeck.observe.runs import PriceTable, RunOptions, summarise_runs
from quarterdeck.simulate.histories.files import LINE_BYTES_MAX, open_binary

PROJECT = "default"
EXAMPLES = 5  # places named per finding
_MEND_LINES = "Write traces with the collector's `file` exporter, format json: one export request a line."


@dataclass(slots=True)
class _Reading:
    """What was read so far: spans by identity (a repeat replaces), and what could not be read, by line."""

    spans: dict[tuple[str, str], RawSpan] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    lines: int = 0


def examine(path: Path, now_ns: int) -> list[Finding]:
    """All findings about the file, worst first. Raises BadFile when it holds no span at all."""
    reading = _read(path, now_ns)
    if not reading.spans:
        raise _nothing_found(path, reading)
    canonicalizer = Canonicalizer(user_hash_key=b"doctor")  # users are told apart here, and never stored
    spans = [canonicalizer.canonicalize(span) for span in reading.spans.values()]
    unmapped = Counter({key.key: key.count for key in canonicalizer.drain_unmapped(now_ns)})
    runs = [run for group in connected(spans) for run in _runs(group, now_ns)]
    facts = _facts(runs, unmapped)
    found = [
        _bad_lines(path, reading),
        *_usage_missing(spans),
        _duplicate_usage(runs),
        *map(_without_window, find(facts)),
    ]
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted((finding for finding in found if finding is not None), key=lambda finding: order[finding.severity])


def connected(spans: Iterable[Span]) -> list[list[Span]]:
    """Spans in groups that the run builder takes: a trace, or traces that share an explicit run id."""
    owner: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := owner.setdefault(name, name)) != name:
            owner[name] = owner[above]
            name = above
        return name

    spans = list(spans)
    for span in spans:
        if span.run_id is not None:
            owner[root(f"trace {span.trace_id}")] = root(f"run {span.run_id}")
    groups: dict[str, list[Span]] = {}
    for span in spans:
        groups.setdefault(root(f"trace {span.trace_id}"), []).append(span)
    return list(groups.values())


def _runs(group: Sequence[Span], now_ns: int) -> Sequence[Run]:
    return summarise_runs(group, now_ns=now_ns, prices=PriceTable.shipped(), options=RunOptions())


def _read(path: Path, now_ns: int) -> _Reading:
    if path.is_dir():
        raise BadFile(str(path), "a folder; expected a file of OTLP JSON lines")
    reading = _Reading()
    for number, body in _bodies(path):
        reading.lines += 1
        _take(reading, number, body, now_ns)
    if not reading.spans and reading.lines > 1:
        whole = _Reading(lines=1)  # one document over many lines, as a person may have formatted it
        _take(whole, 1, b"\n".join(body for _, body in _bodies(path)), now_ns)
        return whole if whole.spans else reading
    return reading


def _take(reading: _Reading, number: int, body: bytes, now_ns: int) -> None:
    options = IngestOptions()
    limits = Limits(options.attribute_bytes_max, options.attributes_max)
    try:
        decoded = decode(body, "json", PROJECT, limits, now_ns)
    except BadInput as failure:
        reading.faults.append((number, failure.message))
        return
    reading.faults += [(number, _fault(rejection)) for rejection in decoded.rejections if rejection.reason not in NOTES]
    for span in decoded.spans:
        known = reading.spans.get((span.trace_id, span.span_id))
        if known is None or known.end_ns <= span.end_ns:
            reading.spans[(span.trace_id, span.span_id)] = span


def _fault(rejection: Rejection) -> str:
    return f"span {rejection.span_name or rejection.span_id or '?'}: {rejection.reason}: {rejection.detail}"


def _bodies(path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    with open_binary(path) as stream, io.BufferedReader(cast(Any, stream)) as lines:
        while line := lines.readline(LINE_BYTES_MAX):
            number += 1
            if len(line) == LINE_BYTES_MAX:
                raise BadFile(str(path), f"a line over {LINE_BYTES_MAX} bytes", line=number, mend=_MEND_LINES)
            if line.strip():
                yield number, line


def _nothing_found(path: Path, reading: _Reading) -> BadFile:
    if not reading.faults:
        return BadFile(str(path), "no span in it; expected OTLP JSON, one export request a line", mend=_MEND_LINES)
    line, what = reading.faults[0]
    return BadFile(str(path), f"no span can be read: {what}", line=line, mend=_MEND_LINES)


def _facts(runs: Sequence[Run], unmapped: Counter[str]) -> TelemetryFacts:
    return TelemetryFacts(
        window_h=0,  # a file has no window; see `_without_window`
        runs=len(runs),
        runs_with_orphans=sum(1 for run in runs if run.orphans.missing or run.orphans.repaired),
        runs_without_root=sum(1 for run in runs if "root_missing" in run.flags),
        runs_with_skew=sum(1 for run in runs if "clock_skew" in run.flags),
        runs_unpriced=sum(1 for run in runs if "cost_unpriced" in run.flags),
        unmapped=unmapped,
    )


def _without_window(finding: Finding) -> Finding:
    return replace(finding, evidence={name: value for name, value in finding.evidence.items() if name != "hours"})


def _bad_lines(path: Path, reading: _Reading) -> Finding | None:
    if not reading.faults:
        return None
    bad = len({line for line, _ in reading.faults})
    return Finding(
        "bad_lines",
        "error",
        f"{bad:,} of {reading.lines:,} lines cannot be read, or not in full",
        {
            "lines": bad,
            "of": reading.lines,
            "first": [f"{path}:{line}: {what}" for line, what in reading.faults[:EXAMPLES]],
        },
        _MEND_LINES,
    )


def _usage_missing(spans: Sequence[Span]) -> Iterator[Finding]:
    for producer in _producers(spans):
        without = producer.model_calls - producer.with_usage
        if without == 0:
            continue
        yield Finding(
            "usage_missing",
            "warning" if producer.with_usage else "error",
            f"{without:,} of {producer.model_calls:,} model calls in dialect {producer.dialect} do not say what they used",
            {"dialect": producer.dialect, "model_calls": producer.model_calls, "with_usage": producer.with_usage},
            'Ask the provider for usage when streaming (OpenAI: stream_options={"include_usage": true}), and bring the '
            "instrumentation to its newest version.",
        )


def _producers(spans: Sequence[Span]) -> list[Producer]:
    """Per dialect: a canonical span does not keep its scope. A failed call used nothing that it could report."""
    calls = [span for span in spans if span.op_kind == "llm" and span.end_ns and span.status != "error"]
    known = Counter(span.dialect for span in calls if span.tokens_input is not None or span.tokens_output is not None)
    total = Counter(span.dialect for span in calls)
    return [Producer(dialect, "", total[dialect], total[dialect], known[dialect]) for dialect in sorted(total)]


def _duplicate_usage(runs: Sequence[Run]) -> Finding | None:
    part = sum(1 for run in runs if "duplicate_usage" in run.flags)
    if not part:
        return None
    return Finding(
        "duplicate_usage",
        "warning",
        f"{part:,} of {len(runs):,} runs report the same model call more than once; it is counted once",
        {"runs_with_duplicates": part, "runs": len(runs), "share": part / len(runs)},
        "Install one instrumentation per framework, not two (for example OpenInference or OpenLLMetry).",
    )
