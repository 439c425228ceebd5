"""The OpenAPI document: checked in, served, complete in examples and errors, and true to docs/design/api.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

from quarterdeck.api.openapi import FILE, document_text, main

DESIGN = Path(__file__).parents[3] / "docs" / "design" / "api.md"
DOCUMENT = json.loads(document_text())
OPERATIONS = {path: item["get"] for path, item in DOCUMENT["paths"].items() if "get" in item}


def test_the_checked_in_document_is_the_codes() -> None:
    assert FILE.read_text(encoding="utf-8") == document_text(), "run: python -m quarterdeck.api.openapi --write"


def test_the_served_document_is_the_checked_in_one(client) -> None:
    assert client.get("/api/v1/openapi.json").json() == DOCUMENT


def test_the_design_and_the_document_name_the_same_routes() -> None:
    designed = {f"/api/v1/{path}" for path in re.findall(r"^\| `GET ([a-z][^`]*)`", DESIGN.read_text(), re.MULTILINE)}
    assert designed == set(OPERATIONS)


def test_the_design_names_every_route_that_does_more_than_read() -> None:
    found = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item if method != "get"}
    rows = re.findall(r"^\| `(POST|PUT|PATCH|DELETE) ([a-z][^`]*)`", DESIGN.read_text(), re.MULTILINE)
    assert found == {(method, f"/api/v1/{path}") for method, path in rows}


def test_every_route_documents_its_errors_and_none_that_it_never_gives() -> None:
    for path, operation in OPERATIONS.items():
        expected = {"200", "400", "401", "403", "503"} | ({"404"} if "{" in path else set())
        assert set(operation["responses"]) == expected, path
        for status in expected - {"200"}:
            example = operation["responses"][status]["content"]["application/problem+json"]["example"]
            assert example["status"] == int(status)


def test_every_route_and_parameter_says_what_it_is() -> None:
    for path, operation in OPERATIONS.items():
        assert operation["description"].endswith("."), path
        for parameter in operation["parameters"]:
            if parameter["in"] == "query":
                assert parameter.get("description"), (path, parameter["name"])


def test_writing_anything_else_is_refused(capsys) -> None:
    assert main(["--what"]) == 3
    assert "usage" in capsys.readouterr().err
