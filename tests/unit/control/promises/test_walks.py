"""Runs step by step: what a call is, what is learned of whom, within limits, and over a restart."""

from __future__ import annotations

import pytest

from quarterdeck.control.promises.steps import steps_of
from quarterdeck.control.tasks.paths import Path, Paths, Step
from quarterdeck.errors import BadInput
from quarterdeck.model.runs import SpanNode
from quarterdeck.model.spans import Span

TRACE = "a" * 32


def span(number: int, kind: str, parent: int = 0, **changes: object) -> Span:
    values: dict[str, object] = dict.fromkeys(Span._fields)
    values.update(
        project="default", trace_id=TRACE, span_id=f"{number:016x}", parent_span_id=f"{parent:016x}", name=kind,
        start_ns=number, end_ns=number + 1, status="ok", op_kind=kind, usage_scope="own",
    )  # fmt: skip
    return Span(**(values | changes))


def steps(*spans: Span) -> list[Step] | None:
    nodes = [SpanNode(one.trace_id, one.span_id, one.parent_span_id, "run", 1) for one in spans]
    return steps_of(nodes, {(one.trace_id, one.span_id): one for one in spans})


def test_a_wrapper_is_no_call_of_its_own() -> None:
    inner = span(2, "llm", 1, tokens_input=10, tokens_output=2)
    assert steps(span(1, "llm", tokens_input=10, tokens_output=2), inner) == [Step(10.0, 2.0)]


def test_a_tool_belongs_to_the_call_before_it() -> None:
    call = {"tokens_input": 10, "tokens_output": 2}
    looked = {"tool_name": "look", "tool_args_hash": "h"}
    found = steps(
        span(1, "llm", **call), span(2, "tool", **looked), span(3, "llm", **call),
        span(4, "tool", status="error", **looked),
    )  # fmt: skip
    assert found == [Step(10.0, 2.0), Step(10.0, 2.0, error=True, repeat=True)]


def test_a_call_of_unknown_size_makes_the_run_unknown() -> None:
    assert steps(span(1, "llm", tokens_input=10)) is None
    assert steps(span(1, "llm", tokens_input=10, end_ns=0)) == [], "it has not ended"


def test_history_survives_a_restart_to_the_byte() -> None:
    paths = Paths(groups_max=2, tasks_max=2)
    for number in range(30):
        made = [Step(100.0 * (n + 1), 20.0, error=n == 2) for n in range(2 + number % 5)]
        paths.learn(Path(f"g{number % 3}", made, succeeded=bool(number % 2), task=f"t{number % 3}"))
    again = Paths.load(paths.dump(), groups_max=2, tasks_max=2)
    assert again.dump() == paths.dump()
    assert (len(again), again.turned_away, again.pace("g1")) == (2, paths.turned_away, paths.pace("g1"))
    for each in (paths, again):
        each.learn(Path("g0", [Step(5.0, 5.0)]))
    assert again.dump() == paths.dump()


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"form": 2}', b'{"form": 1, "cells": [[1]]}'])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"Paths\.dump"):
        Paths.load(data)
