"""The price table: dated list prices per provider and model, with a user's file on top.

Rates are US dollars per million tokens. Refuses: to price a model that no entry names, and a file that it
cannot read completely (`BadFile` names file, line and what was expected).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from quarterdeck.errors import BadFile
from quarterdeck.observe.runs.price_names import families, forms

_SHIPPED = Path(__file__).with_name("prices.json")
_FOUND_MAX = 4096
"""Remembered look-ups; names come from outside, so the memory is bounded and starts anew when full."""
_PER = 1e-6
_RATES = ("input", "output", "cache_read", "cache_write", "cache_write_1h")


class Rates(NamedTuple):
    """Dollars per million tokens. `input` is for uncached tokens; `cache_write` lives 5 minutes.

    `since_ns`: in force from then on. A call with more than `above_input` input tokens pays `long` instead.
    """

    input: float
    output: float
    cache_read: float
    cache_write: float
    cache_write_1h: float
    since_ns: int = 0
    above_input: int | None = None
    long: Rates | None = None

    def dollars(self, uncached: float, output: float, read: float, write: float, write_1h: float) -> float:
        """Linear in its arguments (token counts), so that parts of a call add up to the call."""
        return _PER * (
            uncached * self.input
            + output * self.output
            + read * self.cache_read
            + write * self.cache_write
            + write_1h * self.cache_write_1h
        )


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Which model costs what, when. `version` is the date of the list (plus that of the user's file)."""

    version: str
    exact: Mapping[str, Mapping[str, Sequence[Rates]]]
    prefixes: Mapping[str, Sequence[tuple[str, Sequence[Rates]]]]
    _found: dict[tuple[str | None, str], Sequence[Rates] | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    @staticmethod
    def shipped() -> PriceTable:
        """The list that comes with this version."""
        return _shipped()

    @staticmethod
    def load(path: str | Path) -> PriceTable:
        """The shipped list with the file at `path` on top: same shape, its entries win. Raises BadFile."""
        ours = _shipped()
        theirs = _read(Path(path))
        exact = {name: dict(models) for name, models in ours.exact.items()}
        for provider, models in theirs.exact.items():
            exact.setdefault(provider, {}).update(models)
        prefixes = {name: list(rows) for name, rows in ours.prefixes.items()}
        for provider, rows in theirs.prefixes.items():
            told = {prefix for prefix, _ in rows}
            kept = [row for row in prefixes.get(provider, []) if row[0] not in told]
            prefixes[provider] = _longest_first([*rows, *kept])
        return PriceTable(f"{ours.version}+{theirs.version}", exact, prefixes)

    def rates(self, provider: str | None, model: str, at_ns: int) -> Rates | None:
        """The rates in force at `at_ns`; None when no entry names the model."""
        key = (provider, model)
        rows = self._found.get(key, ())
        if rows == ():
            if len(self._found) >= _FOUND_MAX:
                self._found.clear()
            rows = self._found[key] = self._search(provider, model)
        if rows is None:
            return None
        if len(rows) == 1:
            return rows[0]
        return next((row for row in reversed(rows) if row.since_ns <= at_ns), rows[0])

    def _search(self, provider: str | None, model: str) -> Sequence[Rates] | None:
        names = forms(model)
        for family in families(provider):
            exact = self.exact.get(family, {})
            for name in names:
                if name in exact:
                    return exact[name]
            for name in names:
                for prefix, rows in self.prefixes.get(family, ()):
                    if name.startswith(prefix):
                        return rows
        return None


@cache
def _shipped() -> PriceTable:
    return _read(_SHIPPED)


def _longest_first(rows: list[tuple[str, Sequence[Rates]]]) -> list[tuple[str, Sequence[Rates]]]:
    return sorted(rows, key=lambda row: (-len(row[0]), row[0]))


def _read(path: Path) -> PriceTable:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(str(path), f"cannot be read as a price list: {error}") from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadFile(str(path), f"expected JSON, {error.msg.lower()}", line=error.lineno) from error
    return _Reader(str(path), text).table(document)


class _Reader:
    """Turns the document into a table, and every surprise into a BadFile with its line."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._lines = path, text.splitlines()
        self._line: int | None = None

    def table(self, document: Any) -> PriceTable:
        if not isinstance(document, dict) or not isinstance(document.get("models"), list):
            raise self._bad('expected an object {"price_version": "...", "models": [...]}')
        version = self._text(document, "price_version")
        exact: dict[str, dict[str, Sequence[Rates]]] = {}
        prefixes: dict[str, list[tuple[str, Sequence[Rates]]]] = {}
        reduced: list[tuple[str, str, Sequence[Rates]]] = []
        for entry in document["models"]:
            provider, names, starts, rows = self._entry(entry)
            for name in names:
                exact.setdefault(provider, {})[name] = rows
                reduced += [(provider, short, rows) for short in forms(name)]
            prefixes.setdefault(provider, []).extend((start, rows) for start in starts)
        for provider, short, rows in reduced:
            exact[provider].setdefault(short, rows)
        return PriceTable(version, exact, {name: _longest_first(rows) for name, rows in prefixes.items()})

    def _entry(self, entry: Any) -> tuple[str, list[str], list[str], Sequence[Rates]]:
        if not isinstance(entry, dict):
            raise self._bad(f'expected each of "models" to be an object, got {entry!r}')
        self._seek(entry.get("model"))
        provider, model = self._text(entry, "provider"), self._text(entry, "model")
        names = [model.lower(), *self._texts(entry, "aliases")]
        prices = entry.get("prices")
        if not isinstance(prices, list) or not prices:
            raise self._bad(f'expected "prices" of {model} to be a list of at least one object')
        rows = sorted((self._rates(model, row) for row in prices), key=lambda row: row.since_ns)
        return provider, names, self._texts(entry, "prefixes"), rows

    def _rates(self, model: str, row: Any) -> Rates:
        if not isinstance(row, dict):
            raise self._bad(f"expected a price of {model} to be an object, got {row!r}")
        unknown = set(row) - {*_RATES, "from", "long_context"}
        if unknown:
            expected = ", ".join([*_RATES, "from", "long_context"])
            raise self._bad(f"unknown key {sorted(unknown)[0]!r} in a price of {model}, expected one of {expected}")
        rates = self._five(model, row)._replace(since_ns=self._since(model, row.get("from")))
        above = row.get("long_context")
        if above is None:
            return rates
        limit = above.get("above_input_tokens") if isinstance(above, dict) else None
        if not isinstance(limit, int) or limit <= 0:
            raise self._bad(f'expected "long_context" of {model} to have "above_input_tokens", an integer above 0')
        return rates._replace(above_input=limit, long=self._five(model, above))

    def _five(self, model: str, row: dict[str, Any]) -> Rates:
        """Cache rates that are not given: reads and 5-minute writes as input, 1-hour writes as 5-minute ones."""
        base, output = self._rate(model, row, "input"), self._rate(model, row, "output")
        if base is None or output is None:
            raise self._bad(f'expected a price of {model} to have "input" and "output"')
        read, write = self._rate(model, row, "cache_read"), self._rate(model, row, "cache_write")
        write_1h = self._rate(model, row, "cache_write_1h")
        write = base if write is None else write
        return Rates(base, output, base if read is None else read, write, write if write_1h is None else write_1h)

    def _rate(self, model: str, row: dict[str, Any], key: str) -> float | None:
        value = row.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise self._bad(f'expected "{key}" of {model} to be dollars per million tokens, >= 0, got {value!r}')
        return float(value)

    def _since(self, model: str, value: Any) -> int:
        if value is None:
            return 0
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self._bad(f'expected "from" of {model} to be a date like 2026-01-31, got {value!r}') from None
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000

    def _text(self, entry: dict[str, Any], key: str) -> str:
        value = entry.get(key)
        if not isinstance(value, str) or not value:
            raise self._bad(f'expected "{key}" to be a text that is not empty, got {value!r}')
        return value

    def _texts(self, entry: dict[str, Any], key: str) -> list[str]:
        value = entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self._bad(f'expected "{key}" to be a list of texts, got {value!r}')
        return [item.lower() for item in value]

    def _seek(self, model: Any) -> None:
        """Remember the line that names the model, for the message."""
        quoted = json.dumps(model)
        start = self._line or 0
        for offset, line in enumerate(self._lines[start:] + self._lines[:start]):
            if quoted in line and '"model"' in line:
                self._line = (start + offset) % len(self._lines) + 1
                return

    def _bad(self, what: str) -> BadFile:
        return BadFile(self._path, what, line=self._line)
