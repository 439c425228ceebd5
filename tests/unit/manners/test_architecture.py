"""ARCHITECTURE.md names the rooms that exist, and the order of the stages that the import contract holds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOM = re.compile(r"^\| `([\w/]+)` \|", re.MULTILINE)
WAY = re.compile(r"^The stages, in order: (.+)\.$", re.MULTILINE)


def rooms(root: Path) -> set[str]:
    """Folders and single files directly under the package, and the folders one below."""
    package = root / "src/quarterdeck"
    first = {path.stem for path in package.iterdir() if is_room(path)}
    second = {f"{path.parent.name}/{path.name}" for path in package.glob("*/*") if path.is_dir() and is_room(path)} - {
        "api/webui"
    }  # built, not a room
    return first | second


def is_room(path: Path) -> bool:
    if path.name.startswith(("_", ".")):
        return False
    return (path / "__init__.py").exists() if path.is_dir() else path.suffix == ".py"


@pytest.fixture(scope="module")
def architecture(root: Path) -> str:
    return (root / "ARCHITECTURE.md").read_text()


@pytest.fixture(scope="module")
def contracts(root: Path) -> list[dict[str, object]]:
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_every_room_is_on_the_map_and_nothing_else_is(root: Path, architecture: str) -> None:
    assert sorted(set(ROOM.findall(architecture))) == sorted(rooms(root))


def test_no_room_is_on_the_map_twice(architecture: str) -> None:
    found = ROOM.findall(architecture)
    assert len(found) == len(set(found))


def test_the_stages_are_those_of_the_import_contract(architecture: str, contracts: list[dict[str, object]]) -> None:
    contract = next(c for c in contracts if c.get("containers") == ["quarterdeck.observe"])
    layers = contract["layers"]
    assert isinstance(layers, list)
    assert layers[0].split(" | ") == [
        "pipeline",
        "watch",
        "doctor",
        "upkeep",
    ]  # they may see all stages, and not each other
    said = WAY.search(architecture)
    assert said is not None
    assert re.findall(r"`(\w+)`", said.group(1)) == [stage.strip() for stage in layers[1].split("|")]


def test_the_order_of_rooms_is_that_of_the_import_contract(
    architecture: str, contracts: list[dict[str, object]]
) -> None:
    contract = next(c for c in contracts if c.get("containers") == ["quarterdeck"])
    layers = contract["layers"]
    assert isinstance(layers, list)
    assert "`" + "` → `".join(layers) + "`" in architecture
