"""The changelog has one form: Unreleased on top, then versions newest first, each with known kinds of change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.version import Version

import quarterdeck

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
VERSION = re.compile(r"^## \[?(?P<name>[^\]\s]+)\]?(?: - (?P<day>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


@pytest.fixture(scope="module")
def changelog(root: Path) -> str:
    return (root / "CHANGELOG.md").read_text()


def test_unreleased_is_first_and_versions_fall(changelog: str) -> None:
    found = [match["name"] for match in VERSION.finditer(changelog)]
    assert found[0] == "Unreleased"
    versions = [Version(name) for name in found[1:]]
    assert versions == sorted(versions, reverse=True)
    assert len(versions) == len(set(versions))


def test_every_released_version_has_its_day(changelog: str) -> None:
    assert [m["name"] for m in VERSION.finditer(changelog) if m["name"] != "Unreleased" and not m["day"]] == []


def test_only_known_kinds_of_change(changelog: str) -> None:
    kinds = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE))
    assert kinds
    assert kinds <= KINDS


def test_every_entry_is_a_sentence(changelog: str) -> None:
    entries = re.findall(r"^- (.+(?:\n  .+)*)$", changelog, re.MULTILINE)
    assert entries
    assert [entry for entry in entries if not entry.rstrip().endswith(".")] == []


def test_the_package_and_its_metadata_agree_on_the_version(root: Path) -> None:
    assert f'version = "{quarterdeck.__version__}"' in (root / "pyproject.toml").read_text()
