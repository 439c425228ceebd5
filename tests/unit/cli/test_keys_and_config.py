"""`quarterdeck keys` on a real data folder, `quarterdeck config` on real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a settings file of the developer's own."""
    monkeypatch.chdir(tmp_path)


def test_a_key_is_created_listed_and_revoked(quarterdeck: Call, tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    made = quarterdeck("keys", "create", "ci", "--project", "shop", "--data-dir", folder, "--json").document
    assert made["secret"].startswith("qd_")
    assert made["revoked_at"] is None
    listed = quarterdeck("keys", "list", "--data-dir", folder, "--json")
    assert [key["key_id"] for key in listed.document["items"]] == [made["key_id"]]
    assert made["secret"] not in listed.out
    revoked = quarterdeck("keys", "revoke", made["key_id"], "--data-dir", folder, "--json").document
    assert revoked["revoked_at"] is not None
    assert quarterdeck("keys", "list", "--project", "other", "--data-dir", folder, "--json").document["items"] == []


def test_the_secret_stands_alone_on_stdout(quarterdeck: Call, tmp_path: Path) -> None:
    answer = quarterdeck("keys", "create", "ci", "--data-dir", str(tmp_path / "data"))
    assert answer.out.startswith("qd_")
    assert answer.out.count("\n") == 1
    assert "not shown again" in answer.err


def test_an_unknown_key_is_said(quarterdeck: Call, tmp_path: Path) -> None:
    answer = quarterdeck("keys", "revoke", "nobody", "--data-dir", str(tmp_path / "data"))
    assert answer.code == 3
    assert answer.err.startswith("error[not_found]: ")
    assert "nobody" in answer.err


def test_the_tables_are_for_reading(quarterdeck: Call, tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    quarterdeck("keys", "create", "ci", "--data-dir", folder)
    assert " ci " in quarterdeck("keys", "list", "--data-dir", folder).out
    assert "serve.api_port" in quarterdeck("config", "show").out


def test_show_says_where_a_value_came_from(quarterdeck: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[serve]\napi_port = 5320\n")
    monkeypatch.setenv("QUARTERDECK_SERVE__OTLP_HTTP_PORT", "5318")
    document = quarterdeck("config", "show", "--config", str(file), "--changed", "--json").document
    found = {row["name"]: (row["value"], row["source"]) for row in document["settings"]}
    assert found == {
        "serve.api_port": ("5320", f"file {file}"),
        "serve.otlp_http_port": ("5318", "environment"),
    }


def test_check_counts_what_is_set(quarterdeck: Call, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[serve]\napi_port = 5320\n")
    document = quarterdeck("config", "check", str(file), "--json").document
    assert document["set"] == ["serve.api_port"]
    assert document["settings"] > 10
    assert quarterdeck("config", "check").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[serve]\napi_prt = 1\n", "serve.api_port"),
        ("[serve]\napi_port = 'x'\n", "serve.api_port"),
        ("[serve\n", "TOML"),
    ],
)
def test_check_names_the_mistake(quarterdeck: Call, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    answer = quarterdeck("config", "check", str(file), "--json")
    assert answer.code == 3
    assert said in answer.err
    assert answer.out == ""
