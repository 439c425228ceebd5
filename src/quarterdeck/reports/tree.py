"""What a document is made of: headings, paragraphs, lists, tables and one kind of figure. Frozen.

Refuses: markup. A text is text, whoever typed it, and is escaped where it is written out.
"""

from __future__ import annotations

from typing import NamedTuple


class Heading(NamedTuple):
    """`level` 2 or 3; the title of the document is level 1."""

    text: str
    level: int = 2


class Paragraph(NamedTuple):
    """Some sentences."""

    text: str


class Items(NamedTuple):
    """A list, in order."""

    items: tuple[str, ...]


class Table(NamedTuple):
    """Rows of cells, each as long as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Interval(NamedTuple):
    """A share with its interval, 0 to 1 each. `n`: of how many."""

    label: str
    value: float
    low: float
    high: float
    n: int


class Intervals(NamedTuple):
    """A figure: shares on one line from 0 to 100 %, each with its interval. In Markdown it is a table."""

    caption: str
    rows: tuple[Interval, ...]


Block = Heading | Paragraph | Items | Table | Intervals


class Report(NamedTuple):
    """A whole document."""

    title: str
    blocks: tuple[Block, ...]
