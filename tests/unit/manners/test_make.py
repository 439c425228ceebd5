"""The targets that others rely on are there, and CI's script calls them."""

from __future__ import annotations

import re
from pathlib import Path

TARGETS = {"setup", "run", "test", "test-services", "check", "bench", "torture", "release"}


def test_the_promised_targets_exist(root: Path) -> None:
    found = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    assert found >= TARGETS


def test_ci_calls_the_three_promised_targets(root: Path) -> None:
    called = set(re.findall(r"make --no-print-directory ([a-z-]+)", (root / ".ci/run").read_text()))
    assert called >= {"check", "test", "test-services"}


def test_every_script_that_make_names_exists(root: Path) -> None:
    named = set(re.findall(r"\b((?:scripts|benchmarks)/\w+\.(?:py|sh))", (root / "Makefile").read_text()))
    assert named
    assert sorted(name for name in named if not (root / name).exists()) == []
