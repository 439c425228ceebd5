"""Counts of an exported observation are inclusive, however its buckets stand."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.simulate.histories.langfuse_export import _tokens
from quarterdeck.simulate.histories.shape import TokenFacts


@pytest.mark.parametrize(
    ("usage", "wanted"),
    [
        ({"input": 20, "output": 10, "total": 30}, TokenFacts(20, 10)),
        ({"input": 20, "output": 10, "total": 30, "input_cached_tokens": 8}, TokenFacts(20, 10, 8)),
        ({"input": 12, "output": 10, "total": 30, "input_cached_tokens": 8}, TokenFacts(20, 10, 8)),
        ({"input": 12, "output": 6, "total": 30, "input_cached_tokens": 8, "output_reasoning_tokens": 4},
         TokenFacts(20, 10, 8, None, 4)),
        ({"input": 3, "output": 40, "cache_read_input_tokens": 5000, "cache_creation_input_tokens": 200},
         TokenFacts(5203, 40, 5000, 200)),
        ({"prompt_tokens": 5}, TokenFacts(5)),
    ],
)  # fmt: skip
def test_counts_are_inclusive(usage: dict[str, Any], wanted: TokenFacts) -> None:
    assert _tokens(usage) == wanted
