"""When texts give way to facts: decided from a queue and a clock, the same for every trace everywhere, and over by itself."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.model.raw import Absent
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.rows import decode_rows
from quarterdeck.observe.pipeline import PipelineOptions
from quarterdeck.observe.pipeline.overload import Stage, is_skeleton, step
from quarterdeck.observe.pipeline.skeletons import Skeletons
from quarterdeck.store.memory import MemoryStore

from ..ingest.requests import START_NS, request
from .test_pipeline import QUICK, pipeline, run

OPTIONS = PipelineOptions()
LONG = "a long text " * 100


def stages(fills: list[float], *, every_s: float = 0.25) -> list[float]:
    """The share after each look at the queue."""
    stage, found = Stage(), []
    for i, fill in enumerate(fills):
        stage = step(stage, fill, i * every_s, OPTIONS)
        found.append(stage.share)
    return found


def test_a_full_queue_leads_up_in_two_steps_and_an_empty_one_back_down() -> None:
    shares = stages([0.9] * 60 + [0.0] * 120)
    assert [shares[at] for at in (0, 18, 20, 39, 40, 59)] == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    assert [shares[60 + at] for at in (0, 39, 40, 79, 80, 119)] == [1.0, 1.0, 0.5, 0.5, 0.0, 0.0]


def test_a_queue_between_the_marks_changes_nothing() -> None:
    assert set(stages([0.9] * 30 + [0.35] * 400)[30:]) == {0.5}


def test_a_short_peak_changes_nothing() -> None:
    assert set(stages(([0.9] * 19 + [0.4]) * 20)) == {0.0}


@given(st.lists(st.floats(0, 1), max_size=300), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_no_queue_makes_it_restless(fills: list[float], seed: int) -> None:
    """Between two steps lie at least the seconds that the options say, whatever the queue does."""
    rng = random.Random(seed)
    stage, now_s, changed_s = Stage(), 0.0, float("-inf")
    for fill in fills:
        now_s += rng.choice([0.01, 0.25, 1.0, 4.0])
        before, stage = stage, step(stage, fill, now_s, OPTIONS)
        assert 0 <= stage.share <= 1
        if before.share != stage.share:
            least_s = OPTIONS.skeleton_after_s if stage.share > before.share else OPTIONS.skeleton_calm_s
            assert now_s - changed_s >= least_s
            changed_s = now_s


def test_the_choice_of_traces_is_fixed_monotone_and_fair() -> None:
    traces = [f"{random.Random(i).getrandbits(128):032x}" for i in range(4_000)]
    half = {trace for trace in traces if is_skeleton(trace, 0.5)}
    assert not any(is_skeleton(trace, 0.0) for trace in traces)
    assert all(is_skeleton(trace, 1.0) for trace in traces)
    assert abs(len(half) / len(traces) - 0.5) < 0.04  # five standard errors
    assert is_skeleton("0" * 31 + "1", 0.5) == is_skeleton("0" * 31 + "1", 0.5)
    assert half == {trace for trace in traces if is_skeleton(trace, 0.5)}


def pairs(trace: int, *spans: int) -> list[Any]:
    found = [
        {"trace": bytes(15) + bytes([trace]), "id": bytes(7) + bytes([i]), "start": START_NS, "end": START_NS + 1,
         "attributes": {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": LONG}}
        for i in spans
    ]  # fmt: skip
    raws, _ = decode_rows(request(found).SerializeToString(), "p", START_NS)
    canonicalizer = Canonicalizer(user_hash_key=b"k")
    return [(canonicalizer.canonicalize(raw), raw) for raw in raws]


def texts(found: list[Any]) -> list[Any]:
    return [raw.attributes["gen_ai.tool.call.arguments"] for _, raw in found]


def test_a_trace_is_whole_or_a_skeleton_whatever_the_stage_does_meanwhile() -> None:
    skeletons = Skeletons()
    gone = Absent("overload", len(LONG))
    assert texts(skeletons.apply(pairs(1, 1, 2), 0.0)) == [LONG, LONG]
    assert texts(skeletons.apply(pairs(1, 3), 1.0)) == [LONG]  # it began whole
    assert texts(skeletons.apply(pairs(2, 1), 1.0)) == [gone]
    assert texts(skeletons.apply(pairs(2, 2, 3), 0.0)) == [gone, gone]  # it began as a skeleton
    assert skeletons.spans == 3


def test_facts_come_from_the_whole_span() -> None:
    whole = pairs(3, 1)
    bare = Skeletons().apply(whole, 1.0)
    assert bare[0][0] is whole[0][0]
    assert bare[0][0].tool_args_hash is not None


def test_the_memory_of_traces_is_bounded() -> None:
    skeletons = Skeletons(traces_max=3)
    for trace in range(1, 20):
        skeletons.apply(pairs(trace, 1), 0.0)
    assert len(skeletons) == 3


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_under_overload_every_span_is_kept_and_counted_and_texts_are_marked(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        store = MemoryStore()
        async with pipeline(store, options=QUICK) as way:
            # What a queue does to the stage is tested above; here the stage stays what it is.
            monkeypatch.setattr("quarterdeck.observe.pipeline.pipeline.step", lambda *_: Stage(share))
            way._stage = Stage(share)
            spans = [
                {"trace": bytes([7] * 15) + bytes([t]), "id": bytes([t] * 7) + bytes([s]), "name": "n",
                 "start": START_NS, "end": START_NS + 9, "attributes": {"input.value": LONG, "session.id": "s"}}
                for t in range(1, 21) for s in range(1, 4)
            ]  # fmt: skip
            await way.submit("default", request(spans).SerializeToString(), "protobuf")
            health = way.health()
            assert health.skeleton_share == share
            assert health.acknowledged == 60
        kept: dict[str, set[Any]] = {}
        for t in range(1, 21):
            trace_id = (bytes([7] * 15) + bytes([t])).hex()
            keys = [(trace_id, (bytes([t] * 7) + bytes([s])).hex()) for s in range(1, 4)]
            for raw in store.spans_raw("default", keys).values():
                kept.setdefault(trace_id, set()).add(raw.attributes["input.value"])
        assert all(len(found) == 1 for found in kept.values())
        bare = [trace_id for trace_id, found in kept.items() if found == {Absent("overload", len(LONG))}]
        assert sorted(bare) == sorted(trace_id for trace_id in kept if is_skeleton(trace_id, share))
        assert health.skeleton_spans == 3 * len(bare) > 0

    run(scenario())
