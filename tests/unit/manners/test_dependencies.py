"""The locks: in step with pyproject.toml, hashed, without any index address, under licences that we may ship."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ALLOWED = re.compile(
    r"MIT|BSD|0BSD|Apache|Python Software Foundation|PSF|ISC|MPL|Mozilla Public|Zlib|Unlicense|CC0|HPND|Blue ?Oak", re.I
)
FORBIDDEN = re.compile(r"(?<!L)GPL|AGPL|SSPL|Commons Clause|BUSL|proprietary", re.I)
WEB_ALLOWED = {"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD", "CC0-1.0", "BlueOak-1.0.0", "MPL-2.0",
               "MIT OR Apache-2.0", "(MIT OR CC0-1.0)", "Python-2.0", "Unlicense", "CC-BY-4.0"}  # fmt: skip


def locked(root: Path, name: str) -> dict[str, tuple[Version, str]]:
    """Package → (version, its block in the lock)."""
    blocks = re.split(r"\n(?=[a-z0-9])", (root / name).read_text())
    found = {}
    for block in blocks:
        if match := re.match(r"([a-z0-9._-]+)==(\S+)", block):
            found[canonicalize_name(match[1])] = (Version(match[2]), block)
    return found


@pytest.fixture(scope="module")
def pyproject(root: Path) -> dict[str, object]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def required(pyproject: dict, groups: list[str]) -> list[Requirement]:
    lists = [pyproject["project"]["dependencies"], pyproject["project"]["optional-dependencies"]["server"]]
    lists += [pyproject["dependency-groups"][group] for group in groups]
    return [Requirement(line) for lines in lists for line in lines]


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_the_lock_has_what_the_project_asks_for(root: Path, pyproject: dict, lock: str, groups: list[str]) -> None:
    have = locked(root, lock)
    missing = [
        str(need)
        for need in required(pyproject, groups)
        if canonicalize_name(need.name) not in have or have[canonicalize_name(need.name)][0] not in need.specifier
    ]
    assert missing == [], "run `make lock`"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_hashes_and_no_address(root: Path, lock: str) -> None:
    have = locked(root, lock)
    assert have
    assert [name for name, (_, block) in have.items() if "--hash=sha256:" not in block] == []
    text = (root / lock).read_text()
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []


def test_both_locks_agree(root: Path) -> None:
    run, dev = locked(root, "requirements.lock"), locked(root, "requirements-dev.lock")
    assert {name: str(v) for name, (v, _) in run.items()}.items() <= {
        name: str(v) for name, (v, _) in dev.items()
    }.items()


def licence(name: str) -> str | None:
    """What the installed package says of its licence; None when it is not installed (another system's package)."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classifiers = [c.rpartition(" :: ")[2] for c in found.get_all("Classifier") or [] if c.startswith("License ::")]
    return found.get("License-Expression") or " / ".join(classifiers) or (found.get("License") or "").split("\n")[0]


def test_every_package_that_we_ship_on_has_an_allowed_licence(root: Path) -> None:
    said = {name: licence(name) for name in locked(root, "requirements.lock")}
    known = {name: text for name, text in said.items() if text is not None}
    assert len(known) > len(said) / 2, "the locked packages are not installed: run `make setup`"
    assert {n: t for n, t in known.items() if not ALLOWED.search(t) or FORBIDDEN.search(t)} == {}


def test_every_package_of_the_page_has_an_allowed_licence(root: Path) -> None:
    packages = json.loads((root / "web/package-lock.json").read_text())["packages"]
    said = {name: entry.get("license") for name, entry in packages.items() if name}
    assert said
    assert {n: t for n, t in said.items() if t not in WEB_ALLOWED} == {}
