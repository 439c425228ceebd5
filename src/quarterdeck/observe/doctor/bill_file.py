"""A provider's export of billed calls (CSV) → rows of one shape, whatever its columns are called.

One row per call, or per hour (or day) and model with a count. Pure: text in, rows out. Refuses: a file without a time or a
model (BadFile names what was found and what was expected), and to read "not there" as 0.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from quarterdeck.errors import BadFile
from quarterdeck.store.calls import HOUR_NS, plain_model

ROWS_MAX = 2_000_000
DAY_NS = 24 * HOUR_NS
Width = Literal["hour", "day"]

HEADERS: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "hour", "timestamp", "start_time", "start_time_iso", "usage_time", "created_at", "created", "date", "day",
             "usage_date_utc", "usage_date", "date_utc", "bucket_start", "starting_at", "period_start"),
    "model": ("model", "model_name", "model_id", "model_version", "snapshot_id", "snapshot", "deployment"),
    "requests": ("requests", "num_model_requests", "n_requests", "num_requests", "request_count", "calls", "count", "invocations"),
    "input": ("input_tokens", "prompt_tokens", "tokens_input", "input", "n_context_tokens_total", "usage_input_tokens",
              "input_token_count", "total_input_tokens"),
    "uncached": ("uncached_input_tokens", "usage_input_tokens_no_cache", "input_tokens_no_cache"),
    "cache_read": ("cache_read_input_tokens", "usage_input_tokens_cache_read", "cache_read_tokens"),
    "cache_write": ("cache_creation_input_tokens", "cache_write_tokens", "usage_input_tokens_cache_write",
                    "usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h"),
    "output": ("output_tokens", "completion_tokens", "tokens_output", "output", "n_generated_tokens_total",
               "usage_output_tokens", "output_token_count", "total_output_tokens"),
    "cost": ("cost_usd", "cost", "amount", "amount_usd", "total_cost", "cost_in_usd"),
    "response_id": ("response_id", "id", "completion_id", "message_id", "generation_id", "request_id"),
}  # fmt: skip
"""Meaning → headers that say it (lower case, blanks and hyphens as `_`); the first that is there counts."""


@dataclass(frozen=True, slots=True)
class BilledHour:
    """Calls of one hour (or day) and model. Token and dollar sums are None when any row of it does not say them."""

    at_ns: int
    model: str
    requests: int
    tokens_input: int | None
    tokens_output: int | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Bill:
    """`width` is the length of a period; `response_ids` are those that rows carry; `last_ns` is the latest time in it."""

    periods: Sequence[BilledHour]
    width: Width
    response_ids: frozenset[str]
    first_ns: int
    last_ns: int
    rows: int

    @property
    def width_ns(self) -> int:
        return HOUR_NS if self.width == "hour" else DAY_NS


@dataclass(frozen=True, slots=True)
class _Row:
    at_ns: int
    model: str
    requests: int
    tokens: tuple[int | None, int | None]
    cost: float | None
    response_id: str | None


def read_bill(text: str, name: str) -> Bill:
    """Rows of a CSV (comma, semicolon or tab). Raises BadFile with the line."""
    lines = csv.reader(io.StringIO(text), _dialect(text))
    header = next(lines, None)
    if not header:
        raise BadFile(name, "it is empty; expected a CSV with a header", mend=_mend())
    columns = _columns(header, name)
    dated: list[bool] = []
    rows = list(_rows(lines, columns, name, dated))
    if not rows:
        raise BadFile(name, "no row below its header; expected billed calls", mend=_mend())
    width: Width = "day" if all(dated) else "hour"
    ids = frozenset(row.response_id for row in rows if row.response_id)
    times = [row.at_ns for row in rows]
    return Bill(_summed(rows, HOUR_NS if width == "hour" else DAY_NS), width, ids, min(times), max(times), len(rows))


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.lstrip("\ufeff").partition("\n")[0]
    mark = max(",;\t", key=first.count)
    return type("Found", (csv.excel,), {"delimiter": mark})


def _columns(header: Sequence[str], name: str) -> dict[str, list[int]]:
    plain = [title.strip().strip("\ufeff").lower().replace(" ", "_").replace("-", "_") for title in header]
    found: dict[str, list[int]] = {}
    for meaning, titles in HEADERS.items():
        at = [plain.index(title) for title in titles if title in plain]
        if at:
            found[meaning] = at if meaning == "cache_write" else at[:1]
    for needed in ("time", "model"):
        if needed not in found:
            raise BadFile(
                name,
                f"no column for the {needed}: found {', '.join(plain)[:200]}; expected one of {', '.join(HEADERS[needed])}",
                line=1,
                mend=_mend(),
            )
    return found


def _rows(lines: Iterator[list[str]], columns: Mapping[str, list[int]], name: str, dated: list[bool]) -> Iterator[_Row]:
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > ROWS_MAX:
            raise BadFile(name, f"more than {ROWS_MAX:,} rows", line=number, mend="export fewer days at once")

        def cell(meaning: str, at: int = 0, cells: list[str] = cells) -> str:
            places = columns.get(meaning, [])
            return cells[places[at]].strip() if at < len(places) and places[at] < len(cells) else ""

        try:
            at_ns, only_date = _instant(cell("time"))
            model = cell("model")
            requests = _whole(cell("requests")) if "requests" in columns else 1
            uncached = cell("uncached") or (cell("input") if "cache_read" in columns else "")
            cached = [cell("cache_read"), *(cell("cache_write", n) for n in range(len(columns.get("cache_write", []))))]
            given = _sum([uncached, *cached]) if uncached else _optional(cell("input"))
            cost = cell("cost").lstrip("$")
            row = _Row(
                at_ns, plain_model(model), requests or 0, (given, _optional(cell("output"))),
                float(cost) if cost else None, cell("response_id") or None,
            )  # fmt: skip
        except (ValueError, OverflowError) as error:
            raise BadFile(name, str(error), line=number, mend=_mend()) from error
        if not model or requests is None or requests < 0:
            raise BadFile(name, f"found {cells!r:.120}, expected a model and a count", line=number, mend=_mend())
        dated.append(only_date)
        yield row


def _instant(text: str) -> tuple[int, bool]:
    """(ns since the epoch, whether it names a day only). Epoch seconds, milliseconds, or ISO 8601 (UTC unless it says)."""
    if text.replace(".", "", 1).isdigit() and len(text) >= 9:
        number = float(text)
        return int(number * (1e6 if number > 1e11 else 1e9)), False
    if len(text) == 10:
        day = date.fromisoformat(text)
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**9, True
    try:
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError as error:
        msg = f"time: found {text[:60]!r}, expected ISO 8601 or seconds since the epoch"
        raise ValueError(msg) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6) * 1000, False


def _whole(text: str) -> int | None:
    return int(float(text.replace(",", ""))) if text else None


def _optional(text: str) -> int | None:
    return _whole(text)


def _sum(texts: Sequence[str]) -> int | None:
    known = [number for text in texts if (number := _whole(text)) is not None]
    return sum(known) if known else None


def _summed(rows: Sequence[_Row], width_ns: int) -> list[BilledHour]:
    cells: dict[tuple[int, str], list[_Row]] = {}
    for row in rows:
        cells.setdefault((row.at_ns // width_ns * width_ns, row.model), []).append(row)
    return [
        BilledHour(
            at,
            model,
            sum(row.requests for row in found),
            _all_known([row.tokens[0] for row in found]),
            _all_known([row.tokens[1] for row in found]),
            None if any(row.cost is None for row in found) else sum(row.cost or 0.0 for row in found),
        )
        for (at, model), found in sorted(cells.items())
    ]


def _all_known(values: Sequence[int | None]) -> int | None:
    return None if any(value is None for value in values) else sum(value or 0 for value in values)


def _mend() -> str:
    return "columns: time (or hour), model, and requests, input_tokens, output_tokens, cost_usd, response_id as far as known"
