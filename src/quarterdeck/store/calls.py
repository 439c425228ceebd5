"""Model calls by hour and model, counted once each: what a provider's bill is compared with.

A call is a model span without a model span right below it (a wrapper tells of the same call), and spans of one trace
that share a response id and counts are one call. Calls that failed without usage are counted apart, since nobody bills
them. Refuses: to count a call without usage as zero tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quarterdeck.model.spans import Span

HOUR_NS = 3600 * 10**9
_DATE = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$")


@dataclass(frozen=True, slots=True)
class HourCalls:
    """Calls of one hour (`hour_ns` = its start, UTC) and model (None = not named), as stored.

    `calls` are those that a provider bills; `failed` ended with an error and no usage. Token sums are over the
    `with_usage` calls that report any.
    """

    hour_ns: int
    model: str | None
    calls: int
    failed: int
    with_usage: int
    tokens_input: int
    tokens_output: int


def plain_model(name: str) -> str:
    """A model's name without vendor path and date, lower case: bills and spans write them differently."""
    return _DATE.sub("", name.strip().lower().rsplit("/", 1)[-1])


def hourly_calls(spans: Iterable[Span], since_ns: int, until_ns: int) -> list[HourCalls]:
    """Calls that started in the window (half open), by (hour, model)."""
    ordered = sorted((span for span in spans if span.op_kind == "llm"), key=lambda span: (span.start_ns, span.span_id))
    models = {(span.trace_id, span.span_id): span for span in ordered}
    wrappers = {(span.trace_id, span.parent_span_id) for span in models.values()}
    seen: set[tuple[object, ...]] = set()
    rows: dict[tuple[int, str | None], list[int]] = {}
    for key, span in models.items():
        if key in wrappers or not since_ns <= span.start_ns < until_ns:
            continue
        above = models.get((span.trace_id, span.parent_span_id), span)
        counts = tuple(
            own if own is not None else outer
            for own, outer in ((span.tokens_input, above.tokens_input), (span.tokens_output, above.tokens_output))
        )
        call = (span.trace_id, span.response_id or span.span_id, *counts)
        if call in seen:
            continue
        seen.add(call)
        name = span.model_response or span.model_request
        row = rows.setdefault((span.start_ns // HOUR_NS * HOUR_NS, name), [0] * 5)
        known = counts != (None, None)
        failed = span.status == "error" and not known
        for at, more in enumerate((not failed, failed, known, counts[0] or 0, counts[1] or 0)):
            row[at] += more
    return [HourCalls(hour, name, *row) for (hour, name), row in sorted(rows.items(), key=_order)]


def _order(item: tuple[tuple[int, str | None], Sequence[int]]) -> tuple[int, str]:
    return item[0][0], item[0][1] or ""
