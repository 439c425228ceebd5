"""A document as one HTML file: its style inside, its figures drawn inside, light and dark, ready for paper.

Refuses: scripts, links and every request to elsewhere; its own policy forbids them, should a text ever get through.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from html import escape

from quarterdeck.reports.plain import plain
from quarterdeck.reports.tree import Block, Heading, Interval, Intervals, Items, Paragraph, Report, Table

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1c1f24; --dim: #5a616b; --line: #d8dce2; --paper: #fff; --mark: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --dim: #a0a7b1; --line: #3a4048; --paper: #15181c; --mark: #ff8a80; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; }
h1, h2, h3, p, li, td, th, figcaption { overflow-wrap: anywhere; unicode-bidi: plaintext; text-align: start; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem .3rem 0; vertical-align: top; min-width: 4rem; } th { color: var(--dim); font-weight: 600; }
figure { margin: 1rem 0; } figcaption { color: var(--dim); font-size: .9rem; } svg { width: 100%; height: auto; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg .dim { fill: var(--dim); } svg line { stroke: var(--line); } svg .reach { stroke: var(--mark); stroke-width: 3; } svg circle { fill: var(--mark); }
@media print { :root { --ink: #000; --dim: #444; --line: #bbb; --paper: #fff; --mark: #000; } body { margin: 0; max-width: none; font-size: 11pt; } h2, h3 { break-after: avoid; } tr, figure, li { break-inside: avoid; } }
"""
_LEFT, _WIDE, _RIGHT, _ROW = 200, 360, 160, 28
_LABEL_CHARS = 28


def to_html(report: Report) -> str:
    """The whole file."""
    title = _text(report.title)
    body = "\n".join("".join(_tags(block)) for block in report.blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return escape(plain(text), quote=True)


@singledispatch
def _tags(block: Block) -> Iterator[str]:
    raise AssertionError(block)


@_tags.register
def _heading(block: Heading) -> Iterator[str]:
    yield f"<h{block.level}>{_text(block.text)}</h{block.level}>"


@_tags.register
def _paragraph(block: Paragraph) -> Iterator[str]:
    yield f"<p>{_text(block.text)}</p>"


@_tags.register
def _items(block: Items) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{_text(one)}</li>" for one in block.items)
    yield "</ul>"


@_tags.register
def _table(block: Table) -> Iterator[str]:
    yield '<div class="wide"><table><thead><tr>'
    yield from (f"<th>{_text(cell)}</th>" for cell in block.head)
    yield "</tr></thead><tbody>"
    for row in block.rows:
        yield "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody></table></div>"


@_tags.register
def _intervals(block: Intervals) -> Iterator[str]:
    """Drawn on one scale, which ends at the next ten percent above the largest bound."""
    most = min(1.0, (int(max(one.high for one in block.rows) * 10) + 1) / 10)
    height = _ROW * (len(block.rows) + 1)
    yield f"<figure><figcaption>{_text(block.caption)}</figcaption>"
    yield f'<svg viewBox="0 0 {_LEFT + _WIDE + _RIGHT} {height}" role="img" aria-label="{_text(block.caption)}">'
    for number, one in enumerate(block.rows):
        yield from _drawn(one, _ROW * number + _ROW // 2, most)
    bottom = height - _ROW
    yield f'<line x1="{_LEFT}" y1="{bottom}" x2="{_LEFT + _WIDE}" y2="{bottom}"/>'
    for share in (0.0, most / 2, most):
        yield f'<text class="dim" x="{_x(share, most)}" y="{bottom + 18}" text-anchor="middle">{share:.0%}</text>'
    yield "</svg></figure>"


def _drawn(one: Interval, y: int, most: float) -> Iterator[str]:
    label = plain(one.label)
    short = label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…"
    yield f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(short)}</text>'
    yield f'<line class="reach" x1="{_x(one.low, most)}" y1="{y}" x2="{_x(one.high, most)}" y2="{y}"/>'
    yield f'<circle cx="{_x(one.value, most)}" cy="{y}" r="5"/>'
    yield f'<text class="dim" x="{_LEFT + _WIDE + 12}" y="{y + 4}">{one.value:.1%} of {one.n:,}</text>'


def _x(share: float, most: float) -> str:
    return f"{_LEFT + _WIDE * share / most:.1f}"
