"""When an answer is a failure."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.probes import ProbeReply
from quarterdeck.probes.checks import check_of, failed

GOOD = ProbeReply(ok=True, text='```json\n{"items": [{"state": "sent", "n": 1}]}\n```')
BAD = ProbeReply(ok=False, text='{"items": []}', error_class="http_500")
SCHEMA = {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "minItems": 1}}}


@pytest.mark.parametrize(
    ("reply", "error_class", "expected"),
    [
        (GOOD, None, False),
        (BAD, None, True),
        (ProbeReply(ok=True, error_class="length"), "length", True),
        (ProbeReply(ok=True, error_class="length"), "timeout", False),
        (ProbeReply(ok=True, error_class="length"), None, False),
    ],
)
def test_without_a_check(reply: ProbeReply, error_class: str | None, expected: bool) -> None:
    assert failed(reply, None, error_class) is expected


@pytest.mark.parametrize(
    ("spec", "good"),
    [
        ({"kind": "contains", "text": "sent"}, True),
        ({"kind": "contains", "text": "lost"}, False),
        ({"kind": "not_contains", "text": "lost"}, True),
        ({"kind": "not_contains", "text": "sent"}, False),
        ({"kind": "regex", "pattern": r'"n":\s*\d'}, True),
        ({"kind": "regex", "pattern": "^lost"}, False),
        ({"kind": "json_path", "path": "$.items[0].state", "equals": "sent"}, True),
        ({"kind": "json_path", "path": "items[0].n", "equals": True}, False),
        ({"kind": "json_path", "path": "items[7].n", "equals": None}, False),
        ({"kind": "json_path", "path": "items.n", "equals": 1}, False),
        ({"kind": "json_schema", "schema": SCHEMA}, True),
        ({"kind": "json_schema", "schema": SCHEMA | {"required": ["total"]}}, False),
        ({"kind": "exit_code", "code": 0}, False),
    ],
)
def test_each_kind(spec: dict[str, Any], good: bool) -> None:
    check = check_of(spec)
    assert failed(GOOD, check, None) is not good
    assert failed(BAD, check, None) is True


def test_an_exit_code_may_be_what_a_good_answer_is() -> None:
    check = check_of({"kind": "exit_code", "code": 2})
    assert not failed(ProbeReply(ok=False, exit_code=2, error_class="exit_2"), check, None)
    assert failed(ProbeReply(ok=True, exit_code=0), check, None)


def test_an_answer_that_is_no_json_fails_a_check_of_json() -> None:
    check = check_of({"kind": "json_schema", "schema": {}})
    assert failed(ProbeReply(ok=True, text="sorry"), check, None)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({}, "expected one of exit_code"),
        ({"kind": "callable"}, "expected one of exit_code"),
        ({"kind": "contains"}, "expected kind, text"),
        ({"kind": "contains", "text": ""}, "expected a text"),
        ({"kind": "contains", "text": "a", "more": 1}, "expected kind, text"),
        ({"kind": "regex", "pattern": "("}, "no pattern of RE2"),
        ({"kind": "exit_code", "code": True}, "expected a number"),
        ({"kind": "json_path", "path": "a[x]", "equals": 1}, "names and places"),
        ({"kind": "json_schema", "schema": {"type": "nothing"}}, "no JSON schema"),
        ({"kind": "json_schema", "schema": []}, "an object"),
    ],
)
def test_what_cannot_be_a_check(spec: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        check_of(spec)


def test_a_schema_that_refers_elsewhere_fetches_nothing() -> None:
    check = check_of({"kind": "json_schema", "schema": {"$ref": "http://127.0.0.1:9/schema"}})
    with pytest.raises(BadInput, match="none is fetched"):
        failed(GOOD, check, None)
