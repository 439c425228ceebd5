"""A document as Markdown (CommonMark with GitHub's tables).

Refuses: to let a text be anything but text. Every character that could begin a link, an image, a tag or emphasis is escaped, and addresses
are not made into links by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import singledispatch

from quarterdeck.reports.plain import plain
from quarterdeck.reports.tree import Block, Heading, Intervals, Items, Paragraph, Report, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~#!$])")
_ADDRESS = re.compile(r"(:)(?=//)|(?<=www)(\.)|(?<=WWW)(\.)|(@)", re.IGNORECASE)
_LEADING = re.compile(r"^([-+=:]|\d{1,9}(?=[.)]))")
"""What makes a list, a rule or a heading of the line before, where a line begins."""


def to_markdown(report: Report) -> str:
    """The whole document, with a newline at its end."""
    parts = [f"# {escaped(report.title)}", *("\n".join(_lines(block)) for block in report.blocks)]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """One line that is read as it stands, wherever it stands."""
    safe = _SPECIAL.sub(r"\\\1", plain(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _ADDRESS.sub(lambda found: "\\" + found[0], safe)
    return _LEADING.sub(_inert_start, safe)


def _inert_start(found: re.Match[str]) -> str:
    return f"&#{ord(found[0][0])};{found[0][1:]}" if found[0].isdigit() else f"\\{found[0]}"


@singledispatch
def _lines(block: Block) -> Iterator[str]:
    raise AssertionError(block)


@_lines.register
def _heading(block: Heading) -> Iterator[str]:
    yield f"{'#' * block.level} {escaped(block.text)}"


@_lines.register
def _paragraph(block: Paragraph) -> Iterator[str]:
    yield escaped(block.text)


@_lines.register
def _items(block: Items) -> Iterator[str]:
    yield from (f"- {escaped(one)}" for one in block.items)


@_lines.register
def _table(block: Table) -> Iterator[str]:
    yield _row(block.head)
    yield _row(("---",) * len(block.head), raw=True)
    yield from map(_row, block.rows)


@_lines.register
def _intervals(block: Intervals) -> Iterator[str]:
    yield escaped(block.caption)
    yield ""
    rows = tuple(
        (one.label, f"{one.value:.1%}", f"{one.low:.1%} to {one.high:.1%}", f"{one.n:,}") for one in block.rows
    )
    yield from _table(Table(("", "share", "interval (95 %)", "of"), rows))


def _row(cells: tuple[str, ...], *, raw: bool = False) -> str:
    return "| " + " | ".join(cells if raw else map(escaped, cells)) + " |"
