"""The public names are listed, documented, and cheap to import."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import quarterdeck

HEAVY = (
    "pydantic",
    "pyarrow",
    "duckdb",
    "scipy",
    "fastapi",
    "uvicorn",
    "grpc",
    "sqlalchemy",
    "typer",
    "httpx",
    "pandas",
)


def modules_after(statement: str) -> set[str]:
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout)} | set(json.loads(done.stdout))


def test_importing_the_library_loads_no_server_and_no_database() -> None:
    loaded = modules_after("import quarterdeck")
    assert loaded.isdisjoint(HEAVY)
    assert "quarterdeck.app" not in loaded


def test_help_loads_no_server() -> None:
    loaded = modules_after(
        "import contextlib, io\nfrom quarterdeck.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n    assert main(['--help']) == 0"
    )
    assert loaded.isdisjoint(set(HEAVY) - {"typer"})


def test_every_public_name_is_documented_and_no_other(root: Path) -> None:
    text = (root / "docs/reference/python.md").read_text()
    assert re.findall(r"^## `quarterdeck\.(\w+)`$", text, re.MULTILINE) == list(quarterdeck.__all__)


@pytest.mark.parametrize("name", quarterdeck.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(quarterdeck, name) is not None


def test_dir_shows_the_public_names_only() -> None:
    assert dir(quarterdeck) == sorted(quarterdeck.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        quarterdeck.no_such_name  # noqa: B018 - the access is the test
