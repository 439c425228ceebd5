"""Adjusted counts."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.observe.canonical.weights import shows_sampling, weight_of


@pytest.mark.parametrize(
    ("trace_state", "attributes", "expected"),
    [
        ("", {}, 1.0),
        ("ot=th:8", {}, 2.0),
        ("other=1,ot=rv:abc;th:c", {}, 4.0),
        ("ot=th:0", {}, 1.0),
        ("ot=th:zz", {}, None),
        ("ot=th:", {}, None),
        ("ot=th:fffffffffffffff", {}, None),
        ("ot=rv:ab", {}, 1.0),
        ("", {"SampleRate": "20"}, 20.0),
        ("", {"SampleRate": 0}, None),
        ("", {"meta.refinery.final_sample_rate": 5, "SampleRate": 20}, 5.0),
        ("", {"logfire.sample_rate": 0.25}, 4.0),
        ("", {"sampler.type": "probabilistic", "sampler.param": 0.5}, 2.0),
        ("", {"sampler.type": "const", "sampler.param": 1}, 1.0),
        ("", {"sampling.probability": 0}, None),
        ("", {"tailsampling.policy": "latency"}, None),
    ],
)
def test_weights(trace_state: str, attributes: dict[str, Any], expected: float | None) -> None:
    assert weight_of(trace_state, attributes) == expected


def test_signs_of_sampling() -> None:
    assert shows_sampling(("a", "tailsampling.cached_decision"))
    assert shows_sampling(("SampleRate",))
    assert not shows_sampling(("gen_ai.system",))
