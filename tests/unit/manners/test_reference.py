"""The generated references are what the code says today."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from quarterdeck.errors import all_errors


def reference_script(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_script", root / "scripts/reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli.md", "python.md"])
def test_generated_references_are_up_to_date(root: Path, name: str) -> None:
    written = (root / "docs/reference" / name).read_text()
    assert written == reference_script(root).DOCUMENTS[name](), f"docs/reference/{name} is old: run `make reference`"


def test_every_verb_has_a_sentence_an_example_and_json(root: Path) -> None:
    silent = {"serve", "gateway"}  # their stdout is the ready line, which is JSON already
    for command in reference_script(root).leaf_commands():
        assert "Example" in command.help, f"{command.path}: the help has no example"
        assert command.path.split()[1] in silent or "--json" in command.help, f"{command.path}: no --json"


def test_the_list_of_verbs_says_the_same_as_each_verb(root: Path) -> None:
    listed = reference_script(root).listed_sentences()
    for verb, sentence in reference_script(root).own_sentences().items():
        assert listed[verb] == sentence


def test_every_error_code_is_documented(root: Path) -> None:
    text = (root / "docs/reference/errors.md").read_text()
    assert [error.code for error in all_errors() if f"`{error.code}`" not in text] == []


def test_every_setting_is_documented(root: Path) -> None:
    from quarterdeck.settings import describe

    text = (root / "docs/reference/settings.md").read_text()
    assert [setting.name for setting in describe() if f"`{setting.name}`" not in text] == []


def test_every_route_is_documented(root: Path) -> None:
    paths = json.loads((root / "src/quarterdeck/api/openapi.json").read_text())["paths"]
    text = (root / "docs/reference/api.md").read_text()
    assert paths
    assert [path for path in paths if path.removeprefix("/api/v1/").removeprefix("/") not in text] == []
