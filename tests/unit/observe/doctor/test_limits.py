"""Limits of an SDK, from what it cut."""

from __future__ import annotations

import json

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.doctor.limits import span_limits


def raw(attributes):
    return RawSpan(
        "default", "0" * 31 + "1", "0" * 15 + "1", "", "", "chat", 1, 1, 2, 0, "", attributes, (), (),
        Resource({"service.name": "desk"}, ""), Scope("", "", {}, ""),
    )  # fmt: skip


def texts(n, cut=None):
    return [
        raw({"gen_ai.input.messages": json.dumps([{"role": "user", "content": str(k) * (90 + k)}])[:cut]})
        for k in range(n)
    ]


def codes(raws):
    return [finding.code for finding in span_limits(raws)]


def test_json_that_breaks_off_at_one_length_was_cut():
    (finding,) = span_limits(texts(4, cut=64))
    assert (finding.code, finding.evidence["length"], finding.evidence["service"]) == (
        "attribute_length_limit",
        64,
        "desk",
    )
    assert "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT" in finding.mend


def test_whole_texts_and_longer_ones_beside_are_no_sign_of_a_limit():
    assert codes(texts(4)) == []
    assert codes([*texts(4, cut=64), raw({"other": "x" * 65})]) == []
    assert codes([raw({"id": f"{k:036x}"}) for k in range(9)]) == []
    assert codes([]) == []


def test_spans_at_the_limit_of_attributes():
    full = raw({f"key.{k}": k for k in range(128)})
    assert codes([full, raw({"a": 1})]) == ["attribute_count_limit"]
    assert codes([full, raw({f"key.{k}": k for k in range(129)})]) == []
