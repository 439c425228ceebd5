"""The demo fleet: equal seeds plan equal fleets, and what is emitted is what was planned."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from quarterdeck.clock import FakeClock
from quarterdeck.errors import BadInput
from quarterdeck.simulate.fleet import FleetPlan, FleetPlayer, PlannedRun
from quarterdeck.simulate.fleet.send import otlp_processor


def play(seconds: float, plan: FleetPlan, speed: float = 1.0) -> tuple[FleetPlayer, InMemorySpanExporter, FakeClock]:
    clock, exporter = FakeClock(), InMemorySpanExporter()
    player = FleetPlayer(plan, SimpleSpanProcessor(exporter), clock, speed=speed)
    clock.advance(seconds)
    player.advance(player.now_s)
    return player, exporter, clock


def said(exporter: InMemorySpanExporter) -> list[tuple[Any, ...]]:
    return [
        (span.name, span.context.trace_id, span.context.span_id, span.start_time, span.end_time, dict(span.attributes))
        for span in exporter.get_finished_spans()
    ]


def test_equal_seeds_emit_equal_spans_and_others_do_not() -> None:
    first, again, other = (said(play(60, FleetPlan(seed=seed, agents=20))[1]) for seed in (3, 3, 4))
    assert first == again
    assert len(first) > 100
    assert first != other


def test_a_step_of_ten_seconds_emits_what_ten_steps_of_one_do() -> None:
    plan = FleetPlan(agents=20)
    player, exporter, clock = play(0, plan)
    for _ in range(60):
        clock.advance(1)
        player.advance(player.now_s)
    assert sorted(said(exporter), key=repr) == sorted(said(play(60, plan)[1]), key=repr)


def runs(count: int, started_s: float) -> list[PlannedRun]:
    plan = FleetPlan(seed=7, agents=count, changes_at_s=60)
    return [plan.run(slot, 0, started_s) for slot in range(count)]


def support(planned: list[PlannedRun]) -> list[PlannedRun]:
    return [run for run in planned if run.agent == "support-agent"]


def tokens(run: PlannedRun) -> int:
    return sum((step.tokens_input or 0) + (step.tokens_output or 0) for step in run.steps)


def test_the_prompt_change_makes_support_worse_and_leaves_the_others_alone() -> None:
    before, after = runs(2500, 0), runs(2500, 60)
    old, new = support(before), support(after)
    assert {run.prompt_version for run in old} == {"v6"}
    assert {run.prompt_version for run in new} == {"v7"}
    assert statistics.mean(run.error is not None for run in old) == pytest.approx(0.12, abs=0.03)
    assert statistics.mean(run.error is not None for run in new) == pytest.approx(0.31, abs=0.05)
    assert statistics.median(map(tokens, new)) > 1.3 * statistics.median(map(tokens, old))
    assert [run for run in before if run.agent != "support-agent"] == [r for r in after if r.agent != "support-agent"]


def test_lengths_and_tokens_are_those_of_the_recorded_runs() -> None:
    # Recorded, gpt-5-mini with the short harness: p50 of tokens per run 67,906 (expected.json of the set).
    planned = [run for run in support(runs(2000, 0)) if run.model == "gpt-5-mini"]
    assert statistics.median(map(tokens, planned)) == pytest.approx(67_906, rel=0.1)


def test_a_thousand_agents_stay_between_100_and_300_spans_a_second() -> None:
    planned = runs(1000, 0)
    rate = sum(len(run.steps) + 1 for run in planned) / sum(run.duration_s for run in planned)
    assert 100 < 1000 * rate < 300


def test_the_fleet_is_in_full_swing_at_once_and_open_runs_are_known_by_their_children() -> None:
    player, exporter, _ = play(1, FleetPlan(agents=50))
    spans = exporter.get_finished_spans()
    begun = {span.attributes["quarterdeck.run.id"] for span in spans}
    assert player.summary.runs_open == 50
    assert len(begun) > 40
    assert min(span.start_time for span in spans) < FakeClock().now_ns()
    assert max(span.end_time for span in spans) <= FakeClock().now_ns() + 10**9


def test_every_child_belongs_to_its_root_and_the_summary_counts_what_was_sent() -> None:
    player, exporter, _ = play(600, FleetPlan(agents=10))
    spans = exporter.get_finished_spans()
    summary = player.summary
    roots = [span for span in spans if span.parent is None]
    assert summary.spans == len(spans)
    assert summary.runs_finished == len(roots) == summary.runs_started - 10
    assert summary.runs_failed == sum(span.status.status_code.name == "ERROR" for span in roots)
    assert summary.runs_failed == sum(span.attributes["quarterdeck.outcome"] == "failure" for span in roots)
    counted = [span.attributes.get("gen_ai.usage.input_tokens", 0) for span in spans]
    assert summary.tokens_input == sum(counted)
    root_of = {span.attributes["quarterdeck.run.id"]: span for span in roots}
    for span in spans:
        root = root_of.get(span.attributes["quarterdeck.run.id"])
        if span.parent is not None and root is not None:
            assert (span.parent.span_id, span.context.trace_id) == (root.context.span_id, root.context.trace_id)
            assert root.start_time <= span.start_time <= span.end_time <= root.end_time


def test_closing_leaves_open_runs_open() -> None:
    # An end without an outcome would count as a success.
    player, exporter, _ = play(30, FleetPlan(agents=10))
    before = len(exporter.get_finished_spans())
    player.close()
    player.close()
    assert len(exporter.get_finished_spans()) == before
    assert player.summary.runs_open == 10


def test_speed_plays_more_of_the_plan_in_the_same_time() -> None:
    slow, fast = (play(30, FleetPlan(agents=20), speed)[0].summary.spans for speed in (1.0, 10.0))
    assert fast > 2 * slow


def test_the_loop_ends_at_its_duration_or_when_told() -> None:
    clock, exporter = FakeClock(), InMemorySpanExporter()
    rests: list[float] = []

    def rest(seconds: float) -> bool:
        rests.append(seconds)
        clock.advance(seconds)
        return len(rests) == 70

    plan = FleetPlan(agents=5)
    FleetPlayer(plan, SimpleSpanProcessor(exporter), clock).run(5.0, rest)
    assert 50 <= len(rests) <= 51
    FleetPlayer(plan, SimpleSpanProcessor(InMemorySpanExporter()), clock).run(None, rest)
    assert len(rests) == 70


def test_spans_leave_through_the_real_exporter(sink: Any) -> None:
    clock = FakeClock()
    player = FleetPlayer(FleetPlan(agents=20), otlp_processor(sink.url, {"authorization": "Bearer k"}), clock)
    player.advance(0.0)
    player.close()
    assert len(sink.spans) == player.summary.spans > 50
    assert sink.headers[0]["authorization"] == "Bearer k"


def test_numbers_outside_their_bounds_are_refused() -> None:
    with pytest.raises(BadInput, match="agents must be from 1"):
        FleetPlan(agents=0)
    with pytest.raises(BadInput, match="speed"):
        FleetPlayer(FleetPlan(agents=1), SimpleSpanProcessor(InMemorySpanExporter()), FakeClock(), speed=0)
