"""What is tracked is source, says nothing of the machine it was written on, and has no leftovers."""

from __future__ import annotations

import re
from pathlib import Path

BUILT = (".venv/", "node_modules/", "dist/", "build/", "var/", "artifacts/", "__pycache__/", ".mypy_cache/")
LARGEST_BYTES = 1_500_000  # a picture or a lock file; anything larger is data and belongs elsewhere

# Written in pieces, so that this file does not hold what it looks for.
HOSTS = ("pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(?:org|com)", "deb" + r"\.debian\.org")
MACHINE = (r"(?<![\w.~-])/" + "work/", "/" + r"root/(?!\.cache)", r"/home/\w+/")
FORBIDDEN = re.compile("|".join((*HOSTS, *MACHINE)))
LEFTOVER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def read(root: Path, name: Path) -> str | None:
    """The text of a tracked file; None for a picture and the like."""
    try:
        return (root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def hits(root: Path, names: list[Path], pattern: re.Pattern[str]) -> list[str]:
    found = []
    for name in names:
        text = read(root, name) or ""
        found += [f"{name}:{text.count(chr(10), 0, m.start()) + 1}: {m.group()}" for m in pattern.finditer(text)]
    return found


def own(tracked: list[Path]) -> list[Path]:
    """Tracked files without built ones, which have a test of their own."""
    return [name for name in tracked if not is_built(name)]


def is_built(name: Path) -> bool:
    return any(part in f"/{name.as_posix()}" for part in (f"/{folder}" for folder in BUILT))


def test_nothing_built_is_tracked(tracked: list[Path]) -> None:
    built = [str(name) for name in tracked if is_built(name)]
    assert len(built) == 0, f"{len(built)} built files are tracked, for example {built[:3]}"


def test_no_registry_hosts_and_no_paths_of_a_machine(root: Path, tracked: list[Path]) -> None:
    assert hits(root, own(tracked), FORBIDDEN) == []


def test_no_leftover_markers_or_conflicts(root: Path, tracked: list[Path]) -> None:
    code = [name for name in own(tracked) if name.suffix not in {".lock", ".json"}]
    assert hits(root, code, LEFTOVER) + hits(root, code, CONFLICT) == []


def test_no_large_file(root: Path, tracked: list[Path]) -> None:
    assert [str(name) for name in own(tracked) if (root / name).stat().st_size > LARGEST_BYTES] == []


def test_scripts_can_be_run(root: Path, tracked: list[Path]) -> None:
    assert ((root / ".ci/run").stat().st_mode & 0o111) != 0
    assert (root / ".ci/run").read_text().startswith("#!")
