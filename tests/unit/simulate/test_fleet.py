"""The demo fleet: equal seeds plan equal fleets, and what is emitted is what was planned."""

from __future__ import annotations

import statistics
from dataclasses import replace
from itertools import groupby
from random import Random
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from quarterdeck.clock import FakeClock
from quarterdeck.errors import BadInput
from quarterdeck.simulate.fleet import FleetPlan, FleetPlayer, PlannedRun
from quarterdeck.simulate.fleet.casting import ROLES, Prompt
from quarterdeck.simulate.fleet.send import otlp_processor
from quarterdeck.simulate.fleet.steps import steps_of


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
    return [plan.run(slot, 1, started_s) for slot in range(count)]


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
    needed = [statistics.median(tokens(run) for run in side if run.error is None) for side in (old, new)]
    assert needed[1] > 1.3 * needed[0]
    assert [run for run in before if run.agent != "support-agent"] == [r for r in after if r.agent != "support-agent"]


def test_lengths_and_tokens_before_a_role_s_factor_are_those_of_the_recorded_runs() -> None:
    # Recorded, gpt-5-mini with the short harness: p50 of tokens per run 67,906 (expected.json of the set).
    role, random = replace(ROLES[0], calls_factor=1.0), Random(7)
    planned = [steps_of(random, role, Prompt("v6", 0.0), "gpt-5-mini")[0] for _ in range(1000)]
    used = [sum((step.tokens_input or 0) + (step.tokens_output or 0) for step in steps) for steps in planned]
    assert statistics.median(used) == pytest.approx(67_906, rel=0.1)


def test_a_thousand_agents_stay_between_200_and_600_spans_a_second() -> None:
    planned = runs(1000, 0)
    rate = sum(len(run.steps) + 1 for run in planned) / sum(run.duration_s for run in planned)
    assert 200 < 1000 * rate < 600


def test_a_failing_run_fails_at_a_step_of_its_kind_and_anywhere_in_the_run() -> None:
    role, fails, goes_well = ROLES[0], Prompt("v", 1.0), Prompt("v", 0.0)
    whole = statistics.mean(len(steps_of(Random(seed), role, goes_well, "gpt-5-mini")[0]) for seed in range(600))
    cut = [steps_of(Random(seed), role, fails, "gpt-5-mini") for seed in range(600)]
    assert {steps[-1].error == error for steps, error in cut} == {True}
    kinds = {(error == "tool_error", steps[-1].kind) for steps, error in cut}
    assert kinds == {(True, "tool"), (True, "llm"), (False, "llm")}  # a run without tools fails at a model call
    assert statistics.mean(len(steps) for steps, _ in cut) == pytest.approx(whole / 2, rel=0.15)


def test_a_refused_call_counts_no_tokens() -> None:
    cut = [steps_of(Random(seed), ROLES[0], Prompt("v", 1.0), "gpt-5-mini") for seed in range(300)]
    refused = [steps[-1] for steps, error in cut if error in ("context_overflow", "provider_overload")]
    assert len(refused) > 30
    assert {step.tokens_output for step in refused} == {None}


def lasting(plan: FleetPlan, at_s: float) -> float:
    return statistics.mean(plan.under_way(slot, at_s)[0].duration_s for slot in range(plan.agents))


def test_the_run_under_way_at_a_random_moment_is_longer_than_usual() -> None:
    # Renewal theory: its mean length is E[length²] / E[length].
    plan = FleetPlan(seed=7, agents=2000, changes_at_s=None)
    usual = [plan.run(slot, 1, 0.0).duration_s for slot in range(2000)]
    expected = statistics.mean(length**2 for length in usual) / statistics.mean(usual)
    assert expected > 1.2 * statistics.mean(usual)
    assert lasting(plan, 0.0) == pytest.approx(expected, rel=0.08)
    for slot in range(50):
        run, began_s = plan.under_way(slot, -100.0)
        assert began_s <= -100.0 < began_s + run.duration_s


def ends(plan: FleetPlan, until_s: float) -> list[tuple[float, PlannedRun]]:
    """(end, run) of all runs that end within `until_s` of a start in full swing."""
    ended = []
    for slot in range(plan.agents):
        run, at_s = plan.under_way(slot, 0.0)
        generation = 1
        while (at_s := at_s + run.duration_s) < until_s:
            ended.append((at_s, run))
            run = plan.run(slot, generation, at_s)
            generation += 1
    return ended


def test_the_fleet_is_steady_from_its_first_second() -> None:
    # Otherwise short runs, and failing ones among them, would end first.
    ended = ends(FleetPlan(seed=5, agents=2000, changes_at_s=None), 120.0)
    first, last = ([run for at_s, run in ended if lower <= at_s < lower + 30] for lower in (0.0, 90.0))
    assert len(first) == pytest.approx(len(last), rel=0.08)
    assert statistics.mean(run.error is not None for run in first) == pytest.approx(
        statistics.mean(run.error is not None for run in last), abs=0.035
    )


def test_a_hundred_runs_of_the_new_prompt_end_within_a_minute_of_the_change() -> None:
    ended = ends(FleetPlan(seed=7, agents=1000, changes_at_s=45.0), 105.0)
    assert sum(run.prompt_version == "v7" for _, run in ended) > 150


def test_without_a_change_nothing_changes() -> None:
    ended = ends(FleetPlan(seed=7, agents=200, changes_at_s=None), 300.0)
    assert {run.prompt_version for _, run in ended if run.agent == "support-agent"} == {"v6"}


def test_runs_of_the_past_are_sent_whole_in_the_order_of_their_ends_and_then_those_under_way() -> None:
    # Half a run whose last span is minutes old would look like one that was left.
    clock, exporter, left = FakeClock(), InMemorySpanExporter(), []
    player = FleetPlayer(FleetPlan(agents=20), SimpleSpanProcessor(exporter), clock, history_s=200.0)
    player.tell_history(left.append)
    assert left == [0.0]
    spans = exporter.get_finished_spans()
    runs_in_order = [run for run, _ in groupby(spans, lambda span: span.attributes["quarterdeck.run.id"])]
    assert len(runs_in_order) == len(set(runs_in_order))
    roots = [span for span in spans if span.parent is None]
    assert len(roots) == player.summary.runs_finished > 40
    assert [root.end_time for root in roots] == sorted(root.end_time for root in roots)
    whole = {root.attributes["quarterdeck.run.id"] for root in roots}
    assert [run in whole for run in runs_in_order] == sorted((run in whole for run in runs_in_order), reverse=True)
    assert max(span.end_time for span in spans) <= clock.now_ns()


def test_what_was_told_and_what_is_live_are_what_a_fleet_that_was_always_live_sends() -> None:
    clock, exporter = FakeClock(), InMemorySpanExporter()
    player = FleetPlayer(FleetPlan(agents=20), SimpleSpanProcessor(exporter), clock, history_s=120.0)
    player.run(20.0, lambda seconds: bool(clock.advance(seconds)))
    other, always = FakeClock(), InMemorySpanExporter()
    FleetPlayer(FleetPlan(agents=20), SimpleSpanProcessor(always), other, history_s=120.0).advance(20.0)
    ended = FakeClock().now_ns() + 19 * 10**9
    known = sorted((one for one in said(exporter) if one[4] <= ended), key=repr)
    whole = {one[5]["quarterdeck.run.id"] for one in said(always) if one[0].startswith("invoke") and one[4] <= ended}
    expected = [one for one in said(always) if one[5]["quarterdeck.run.id"] in whole and one[4] <= ended]
    assert sorted(expected, key=repr) == [one for one in known if one[5]["quarterdeck.run.id"] in whole]


class SlowSpans(SimpleSpanProcessor):
    """Everything that waits takes `seconds` to be sent."""

    def __init__(self, exporter: InMemorySpanExporter, clock: FakeClock, seconds: float) -> None:
        super().__init__(exporter)
        self.clock, self.seconds, self.flushed = clock, seconds, 0

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        self.clock.advance(self.seconds)
        self.flushed += 1
        return True


def test_a_long_history_waits_until_its_parts_are_sent_and_the_change_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quarterdeck.simulate.fleet.play.FLUSH_SPANS", 500)
    clock, exporter = FakeClock(), InMemorySpanExporter()
    processor = SlowSpans(exporter, clock, 7.0)
    player = FleetPlayer(FleetPlan(agents=40, changes_at_s=20.0), processor, clock, history_s=240.0)
    player.run(30.0, lambda seconds: bool(clock.advance(seconds)))
    assert processor.flushed > 3
    live = FakeClock().now_ns() + processor.flushed * 7 * 10**9
    starts = [s.start_time for s in exporter.get_finished_spans() if s.attributes["quarterdeck.prompt.version"] == "v7"]
    assert live + 20e9 <= min(starts) <= live + 29e9
    assert max(span.end_time for span in exporter.get_finished_spans()) <= live + 30.1e9


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
    with pytest.raises(BadInput, match="history"):
        FleetPlayer(FleetPlan(agents=1), SimpleSpanProcessor(InMemorySpanExporter()), FakeClock(), history_s=3601)
