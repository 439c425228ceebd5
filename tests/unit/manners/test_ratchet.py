"""Sizes and exemptions may fall, not rise. `ratchet.json` holds what they are; lower it when you can."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LIMITS = json.loads((Path(__file__).parents[1] / "ratchet.json").read_text())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path.name}:{node.name}", node.end_lineno - node.lineno + 1


def occurrences(sources: list[Path], pattern: str) -> int:
    return sum(len(re.findall(pattern, path.read_text())) for path in sources)


def test_longest_function(sources: list[Path]) -> None:
    longest = max((lines, where) for path in sources for where, lines in functions(path))
    assert longest[0] <= LIMITS["longest_function_lines"], longest


def test_longest_module(sources: list[Path]) -> None:
    longest = max((path.read_text().count("\n"), str(path)) for path in sources)
    assert longest[0] <= LIMITS["longest_module_lines"], longest


@pytest.mark.parametrize(("name", "pattern"), [("type_ignores", r"# type: ignore"), ("noqas", r"# noqa")])
def test_exemptions(sources: list[Path], name: str, pattern: str) -> None:
    assert occurrences(sources, pattern) <= LIMITS[name]


def test_every_module_says_what_it_is_for(sources: list[Path]) -> None:
    said = {path: ast.get_docstring(ast.parse(path.read_text())) or "" for path in sources}
    assert [str(path) for path, text in said.items() if len(text) < 10] == []


def test_no_module_is_dead(root: Path, sources: list[Path]) -> None:
    """Each module is imported by another one, or named where things are loaded by name."""
    package = root / "src"
    joined = "\n".join(path.read_text() for path in sources) + (root / "pyproject.toml").read_text()
    text = re.sub(r'"""[\s\S]*?"""', "", joined)
    started = {path for path in sources if "__main__" in path.read_text()}  # `python -m` names them elsewhere
    dead = [name for name in map(dotted(package), set(sources) - started) if not is_named(name, text)]
    assert dead == []


def dotted(package: Path):
    return lambda path: ".".join(path.relative_to(package).with_suffix("").parts)


def is_named(name: str, text: str) -> bool:
    """`text` is the whole package without docstrings, joined."""
    parent, _, last = name.rpartition(".")
    if last in {"__init__", "__main__"} or ".migrations." in name:
        return True
    imported_from = (
        rf"from {re.escape(parent)} import [^\n]*\b{last}\b|from {re.escape(parent)} import \([^)]*\b{last}\b"
    )
    return name in text or re.search(imported_from, text) is not None
