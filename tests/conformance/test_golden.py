"""One test walks all golden files; another holds what must be true of every producer."""

from __future__ import annotations

import pytest

from quarterdeck.observe.canonical import CONFIDENCES, Canonicalizer
from quarterdeck.observe.canonical.dialects import DIALECTS

from . import golden

INVENTED = {"gen_ai.usage.invented_tokens"}
"""What the scripts write on spans of their own, to be told of."""


@pytest.mark.parametrize("name", golden.names())
def test_a_producer_comes_out_as_on_file(name: str) -> None:
    assert golden.canonical(golden.spans(name)) == golden.expected(name)


@pytest.mark.parametrize("name", golden.names())
def test_what_real_producers_send_is_understood(name: str) -> None:
    found = golden.expected(name)
    assert set(found["unmapped"]) <= INVENTED
    for span in found["spans"]:
        confidence = span.get("usage_confidence")
        assert confidence is None or confidence in CONFIDENCES
        assert confidence not in ("rejected", "mismatch") + (() if found["unmapped"] else ("unmapped",)), span["name"]


def test_every_dialect_has_a_golden_file() -> None:
    seen = {span["dialect"] for name in golden.names() for span in golden.expected(name)["spans"]}
    assert {dialect.name for dialect in DIALECTS} <= seen


@pytest.mark.parametrize("name", golden.names())
def test_mapping_twice_gives_the_same(name: str) -> None:
    raw = golden.spans(name)
    one, other = Canonicalizer(user_hash_key=golden.KEY), Canonicalizer(user_hash_key=golden.KEY)
    first = [one.canonicalize(span) for span in raw]
    assert [one.canonicalize(span) for span in raw] == first
    assert [other.canonicalize(span) for span in reversed(raw)] == first[::-1]
