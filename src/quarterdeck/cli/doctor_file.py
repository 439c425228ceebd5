"""A file of OTLP JSON lines → findings: the server's decoder, dialects and run builder, without a server.

Refuses: a file in which nothing is OTLP JSON (BadFile). A bad line among good ones is a finding.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, cast

from quarterdeck.errors import BadFile, BadInput
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import Rejection
from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.doctor import (
    Examined,
    Finding,
    Producer,
    TelemetryFacts,
    examine,
    find,
    findings_of,
    worst_first,
)
from quarterdeck.observe.doctor.bill_file import Bill, read_bill
from quarterdeck.observe.doctor.billing import billing_findings, reconcile
from quarterdeck.observe.doctor.collector import check_collector
from quarterdeck.observe.doctor.collector_file import read_collector
from quarterdeck.observe.doctor.groups import connected
from quarterdeck.observe.doctor.limits import span_limits
from quarterdeck.observe.ingest import IngestOptions, decode
from quarterdeck.observe.ingest.checks import NOTES, Limits
from quarterdeck.observe.runs import PriceTable, RunOptions, build_runs
from quarterdeck.simulate.histories.files import LINE_BYTES_MAX, UNREADABLE, open_binary
from quarterdeck.store.calls import hourly_calls

PROJECT = "default"
EXAMPLES = 5  # places named per finding
_SECTION = re.compile(rb"^(receivers|processors|exporters|service):\s*(#.*)?$", re.MULTILINE)
_SNIFFED = 65_536
RAWS_MAX = 20_000  # raw spans in which limits of the SDK are looked for
_MEND_LINES = "Write traces with the collector's `file` exporter, format json: one export request a line."


@dataclass(slots=True)
class _Reading:
    """What was read so far: spans by identity (a repeat replaces), and what could not be read, by line."""

    spans: dict[tuple[str, str], RawSpan] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    lines: int = 0


def examine_any(path: Path, now_ns: int, billing: Path | None = None) -> list[Finding]:
    """A collector's configuration, else spans. Raises BadFile, also when a bill is given without spans to compare it with."""
    if _is_collector(path):
        if billing is not None:
            raise BadFile(
                str(path), "a collector's configuration holds no calls", mend="name a server, or a file of spans"
            )
        return check_collector(read_collector(path.read_text("utf-8", "replace"), str(path)))
    return examine_file(path, now_ns, None if billing is None else _bill(billing))


def _bill(path: Path) -> Bill:
    try:
        with open_binary(path) as stream:
            return read_bill(stream.read().decode("utf-8-sig"), str(path))
    except UNREADABLE as error:
        raise BadFile(str(path), f"cannot be read: {error}", mend="export it again as CSV in UTF-8") from error


def _is_collector(path: Path) -> bool:
    """By its suffix, else by the sections that it begins with."""
    if path.suffix in (".yaml", ".yml"):
        with open_binary(path):  # so that a file that is not there is told in the same words
            return True
    if not path.is_file() or path.suffix in (".gz", ".zst"):
        return False
    with path.open("rb") as stream:
        return _SECTION.search(stream.read(_SNIFFED)) is not None


def examine_file(path: Path, now_ns: int, bill: Bill | None = None) -> list[Finding]:
    """All findings about the file, worst first, compared with a bill where one is given. Raises BadFile when it holds no span at all."""
    reading = _read(path, now_ns)
    if not reading.spans:
        raise _nothing_found(path, reading)
    canonicalizer = Canonicalizer(user_hash_key=b"doctor")  # users are told apart here, and never stored
    spans = [canonicalizer.canonicalize(span) for span in reading.spans.values()]
    unmapped = Counter({key.key: key.count for key in canonicalizer.drain_unmapped(now_ns)})
    trees = [tree for group in connected(spans) for tree in _trees(group, now_ns)]
    seen = examine(spans, trees)
    scopes = {key: span.scope.name for key, span in reading.spans.items()}
    return worst_first(
        [
            _bad_lines(path, reading),
            *_usage_missing(spans),
            *map(_without_window, find(_facts(seen, unmapped))),
            *findings_of(seen, scopes),
            *span_limits(islice(reading.spans.values(), RAWS_MAX)),
            *([] if bill is None else _billing(bill, spans, now_ns)),
        ]
    )


def _billing(bill: Bill, spans: Sequence[Span], now_ns: int) -> list[Finding]:
    ids = {span.response_id for span in spans}
    first = min(span.start_ns for span in spans)
    result = reconcile(
        bill, hourly_calls(spans, 0, 2**63), now_ns=now_ns, first_span_ns=first, known_ids=len(bill.response_ids & ids)
    )
    return billing_findings(result)


def _trees(group: Sequence[Span], now_ns: int) -> Sequence[RunTree]:
    return build_runs(group, now_ns=now_ns, prices=PriceTable.shipped(), options=RunOptions())


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


def _facts(seen: Examined, unmapped: Counter[str]) -> TelemetryFacts:
    runs = seen.runs
    return TelemetryFacts(
        window_h=0,  # a file has no window; see `_without_window`
        runs=len(runs),
        runs_with_orphans=sum(1 for run in runs if run.orphans.missing or run.orphans.repaired),
        runs_without_root=sum(1 for run in runs if "root_missing" in run.flags),
        runs_with_skew=sum(1 for run in runs if "clock_skew" in run.flags),
        runs_unpriced=sum(1 for run in runs if "cost_unpriced" in run.flags),
        unmapped=unmapped,
        holes=seen.holes,
        skew_ms=seen.skew_ms,
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
