"""How answers are written: JSON or a table on stdout, remarks on stderr.

Refuses: guessing unknown values. None is an em dash in a table and null in JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

UNKNOWN = "—"
PIPE_WIDTH = 1_000  # columns: wider than any row, so that what `grep` and `cut` get is one line per thing
SMALLEST_SHOWN_USD = 0.0001


def print_json(document: Any) -> None:
    """One JSON document on stdout, and nothing else."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def remark(text: str) -> None:
    """A line for the person, on stderr."""
    sys.stderr.write(text + "\n")


def console() -> Console:
    """A console on stdout: as wide as the terminal, and in a pipe as wide as the answer; no markup in data."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def print_table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> None:
    """A plain table. `columns` are (title, "left" | "right" | "id"); an id is left and never broken."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title, side in columns:
        table.add_column(
            title, justify="right" if side == "right" else "left", overflow="fold", no_wrap=side == "right"
        )
    for row in rows:
        table.add_row(*row)
    console().print(table)


def number(value: float | None, *, digits: int = 0) -> str:
    """`12,345` or `0.25`; an em dash when unknown."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def dollars(value: float | None) -> str:
    """`$0.0123`: four places under a dollar, cents above, never a rounded zero; an em dash when unknown."""
    if value is None:
        return UNKNOWN
    if 0 < value < SMALLEST_SHOWN_USD:
        return f"<${SMALLEST_SHOWN_USD}"
    return f"${value:,.2f}" if abs(value) >= 1 else f"${value:.4f}"


def duration(seconds: float | None) -> str:
    """`850 ms`, `12.3 s`, `3 min 12 s`, `2 h 5 min`; an em dash when unknown."""
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def percent(share: float | None, *, digits: int = 0) -> str:
    """`31 %`; an em dash when unknown."""
    return UNKNOWN if share is None else f"{share:.{digits}%}".replace("%", " %")


def rate(value: Mapping[str, Any] | None) -> str:
    """`31 % (25–38 %, n=212)`; an em dash when there is no data."""
    if value is None:
        return UNKNOWN
    return f"{value['value']:.0%} ({value['low']:.0%}–{value['high']:.0%}, n={value['n']})".replace("%", " %")
