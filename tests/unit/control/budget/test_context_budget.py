"""What a budget does, one sentence a test: order, forms, atoms, when it cuts, what it remembers, what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.control.budget import ContextBudget, ContextPlan, Render, Segment
from quarterdeck.control.budget.admitting import Admitting
from quarterdeck.control.budget.history import History
from quarterdeck.control.budget.layout import at_edges
from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.sizes import Sizer
from quarterdeck.control.budget.steps import find_steps
from quarterdeck.control.budget.windows import effective_window
from quarterdeck.errors import BadInput, ContextOverflow

SYSTEM = Segment("system", "system", tokens=100, text="You help.")


def four(text: str) -> int:
    return (len(text) + 3) // 4


def budget(window: int = 4_000, **more: object) -> ContextBudget:
    return ContextBudget(window=window, reserve_output=0, counter=four, **more)


def step(n: int, *, tokens: int = 400, text: str | None = None, **more: object) -> list[Segment]:
    """A call and its result."""
    call = Segment(f"c{n}", "history", f'get_order("#W{n:05}")', tokens=20, role="assistant", atom=f"s{n}")
    said = text or f"order #W{n:05} item {7_000_000 + n} " + "x " * 780
    given = {"tool": "get_order", "arguments": f'{{"id": "#W{n:05}"}}', **more}
    return [call, Segment(f"r{n}", "tool_result", said, tokens=tokens, role="tool", atom=f"s{n}", **given)]


def run(made: ContextBudget, turns: int, **more: object) -> list[ContextPlan]:
    segments = [SYSTEM, Segment("u", "history", "Where are my orders?", tokens=10, role="user")]
    plans = []
    for n in range(turns):
        segments += step(n, **more)
        plans.append(made.fit(segments))
    return plans


def test_what_fits_is_sent_as_it_is() -> None:
    plan = budget().fit([SYSTEM, *step(0)])
    assert [one.form for one in plan.placed] == ["full"] * 3
    assert plan.tokens == 520
    assert plan.cuts == ()
    assert dict(plan.consumers) == {"system": 100, "history": 20, "tool_result": 400}


def test_the_order_is_fixed_history_then_what_changes() -> None:
    world = Segment("w", "world", "files", tokens=5)
    found = Segment("d", "retrieved", "text", tokens=5, relevance=1.0)
    task = Segment("t", "task", "do it", tokens=5)
    plan = budget().fit([world, found, *step(0), task, SYSTEM])
    assert [one.segment.id for one in plan.placed] == ["system", "t", "c0", "r0", "d", "w"]
    assert plan.breakpoints == (1, 3)


def test_between_cuts_the_beginning_stays_and_is_read_from_the_cache() -> None:
    plans = run(budget(), 40)
    assert sum(plan.recut for plan in plans) >= 2
    for before, plan in pairwise(plans):
        if not plan.recut:
            assert plan.placed[: len(before.placed)] == before.placed
            assert plan.cached == before.tokens


def test_cuts_are_rare_and_deep() -> None:
    plans = run(budget(), 60)
    cuts = [n for n, plan in enumerate(plans) if plan.recut]
    assert min(b - a for a, b in pairwise(cuts)) >= 3
    assert max(plan.tokens for plan in plans) <= 4_000


def test_a_cut_below_the_soft_mark_never_happens() -> None:
    plans = run(budget(100_000, turns_left=10_000.0), 40)
    assert not any(plan.recut for plan in plans)


def test_a_long_way_ahead_pays_for_an_early_cut_and_a_short_one_does_not() -> None:
    long = next(n for n, plan in enumerate(run(budget(20_000, turns_left=500.0), 60)) if plan.recut)
    short = next(n for n, plan in enumerate(run(budget(20_000, turns_left=1.0), 60)) if plan.recut)
    assert long < short
    assert 0.7 * 20_000 < 100 + 10 + 420 * (long + 1) < 20_000


def test_names_survive_every_cut() -> None:
    """Ids of results that are gone are still in the prompt: in a stub, or among what was left out."""
    plan = run(budget(), 20)[-1]
    shown = " ".join(one.segment.text if one.text is None else one.text for one in plan.placed)
    assert plan.ids("dropped")
    assert [n for n in range(20) if f"#W{n:05}" not in shown] == []


def test_a_masked_result_says_what_it_was_and_how_to_see_it_again() -> None:
    made = budget(1_300)
    call, result = step(0)
    segments = [
        SYSTEM,
        replace(call, pin=True),
        result,
        Segment("u", "history", "and?", tokens=5, role="user"),
        *step(1),
        *step(2),
    ]
    plan = made.fit(segments)
    masked = [one for one in plan.placed if one.form == "masked"]
    assert masked, plan.describe()
    assert "400 tokens left out; call get_order again to see it" in (masked[0].text or "")
    assert masked[0].tokens < 100


def test_an_error_and_an_answer_given_again_go_first() -> None:
    good, bad, again = step(1), step(2, failed=True), step(3)
    call, result = again
    newer = [replace(call, id="c4", atom="s4"), replace(result, id="r4", atom="s4")]
    sizer = Sizer(four)
    history = History(sizer, Admitting(sizer, 5_000, None).place)
    history.follow([*good, *bad, *again, *newer, *[one for n in range(5, 9) for one in step(n)]])
    steps = find_steps(history.lines, sizer, CachePrices(), 3_000).steps
    masked = [history.lines[one.lines[0]].segment.id for one in steps if one.render is not None and one.tier == 0]
    assert masked[:2] == ["r3", "r2"]
    assert set(masked[2:]) >= {"r1", "r4"}


def test_what_was_cut_stays_cut() -> None:
    gone: set[str] = set()
    for plan in run(budget(), 40):
        now = set(plan.ids("dropped"))
        assert gone <= now
        gone = now


def test_a_large_result_is_clipped_at_both_ends() -> None:
    text = "BEGIN " + "word " * 30_000 + "END"
    plan = ContextBudget(window=100_000, counter=four).fit([Segment("r", "tool_result", text, role="tool")])
    (placed,) = plan.placed
    assert placed.form == "clipped"
    assert placed.tokens <= 5_000
    assert (placed.text or "").startswith("BEGIN")
    assert (placed.text or "").endswith("END")
    assert plan.cuts[0].tokens_before > 30_000


def test_a_large_result_can_be_offloaded() -> None:
    kept: list[str] = []

    def offload(segment: Segment) -> str:
        kept.append(segment.text)
        return "/tmp/result-1"

    made = budget(50_000, offload=offload)
    text = "word " * 30_000
    for _ in range(2):
        plan = made.fit([Segment("r", "tool_result", text, role="tool")])
    assert kept == [text]
    assert "all of it: /tmp/result-1" in (plan.placed[0].text or "")


def test_a_pin_is_kept_in_full_whatever_comes() -> None:
    made, pinned = budget(), step(0, pin=True)
    segments = [SYSTEM, *pinned]
    for n in range(1, 40):
        segments += step(n)
        plan = made.fit(segments)
        assert "r0" in plan.ids("full")
        assert "c0" in [one.segment.id for one in plan.placed]


def test_pins_that_do_not_fit_are_named_with_their_sizes() -> None:
    with pytest.raises(ContextOverflow, match=r"big \(task\) 900") as caught:
        budget(1_000).fit([SYSTEM, Segment("big", "task", "x", tokens=900), *step(0, tokens=30)])
    assert caught.value.consumers[0] == ("big", "task", 900)
    assert caught.value.tokens == sum(size for _, _, size in caught.value.consumers) > 1_000


def test_after_a_refusal_the_budget_goes_on() -> None:
    made = budget(1_000)
    with pytest.raises(ContextOverflow):
        made.fit([SYSTEM, *step(0, pin=True, tokens=950)])
    assert made.fit([SYSTEM, *step(0, tokens=300)]).tokens == 420


def test_forms_of_the_callers_own_are_used() -> None:
    short = Render("summary", "in short", content={"role": "tool"}, tokens=30)
    old = Segment("old", "tool_result", "x" * 4_000, tokens=1_000, role="tool", renders=(short,), pin=None, floor=10)
    plan = budget(2_000).fit([SYSTEM, old, *[one for n in range(4) for one in step(n)]])
    placed = next(one for one in plan.placed if one.segment.id == "old")
    assert (placed.form, placed.tokens, placed.content) == ("summary", 30, {"role": "tool"})


def test_a_summary_is_the_callers_and_its_failure_does_not_stop_the_turn() -> None:
    def summarise(segments: object, tokens_max: int) -> str:
        raise RuntimeError("no model")

    plans = run(budget(summarise=lambda segments, most: f"summary of {len(segments)}"), 30)
    assert any("summary of" in (one.text or "") for one in plans[-1].placed)
    failing = run(budget(summarise=summarise), 30)
    assert any("no model" in warning for plan in failing for warning in plan.warnings)


def test_the_same_segments_give_the_same_plans_also_through_a_restart() -> None:
    one, two = budget(), budget()
    segments = [SYSTEM]
    for n in range(30):
        segments += step(n)
        first, second = one.fit(segments), two.fit(segments)
        assert first.placed == second.placed
        two = budget().restore(json.loads(json.dumps(two.dump())))


def test_a_changed_past_is_followed() -> None:
    made = budget()
    made.fit([SYSTEM, *step(0), *step(1)])
    plan = made.fit([SYSTEM, *step(0), *step(2)])
    assert [one.segment.id for one in plan.placed] == ["system", "c0", "r0", "c2", "r2"]
    assert plan.cached == 520


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ContextBudget("nobody-knows-it"), "not known"),
        (lambda: ContextBudget(window=100, reserve_output=100), "reserved"),
        (lambda: ContextBudget(window=100, soft=0.0), "soft"),
        (lambda: ContextBudget(window=100, tool_result_cap=0), "tool_result_cap"),
        (lambda: ContextBudget(window=100, prices={"read": 2.0, "write": 1.0}), "read"),
        (lambda: ContextBudget(window=100, prices={"reed": 0.1}), "prices"),
        (lambda: ContextBudget("gpt-4.1", effective=1.5), "effective"),
        (lambda: Segment("x", "sistem"), "kind"),
        (lambda: Segment("x", "history", floor=5, ceiling=2), "ceiling"),
        (lambda: Segment("x", "history", tokens=-1), "negative"),
        (lambda: budget().fit([SYSTEM, SYSTEM]), "same id"),
        (lambda: budget().fit([*step(0), *step(0)]), "the id"),
        (lambda: budget().restore({"version": 7}), "version"),
        (lambda: budget().restore({}), "state"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_expected(make, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        make()


def test_the_window_is_a_share_of_the_advertised_one_by_model_and_class() -> None:
    table = {("gpt-4.1", "coding"): 0.25, ("gpt-4.1", None): 0.5}
    assert effective_window("gpt-4.1-mini", None) == int(1_047_576 * 0.65)
    assert effective_window("gpt-4.1", "coding", effective=table) == 261_894
    assert effective_window("gpt-4.1", "support", effective=table) == 523_788
    assert effective_window("own", None, advertised=1_000) == 650


@given(st.lists(st.floats(0, 1), min_size=20, max_size=20, unique=True))
def test_of_twenty_items_none_of_the_best_three_is_in_the_middle(relevances: list[float]) -> None:
    items = [Segment(str(n), "retrieved", relevance=value) for n, value in enumerate(relevances)]
    order = at_edges(items)
    best = sorted(items, key=lambda item: -(item.relevance or 0.0))[:3]
    assert [place for place, item in enumerate(order, 1) if item in best and 5 <= place <= 15] == []
    shuffled = at_edges(items[::-1], [item.id for item in order])
    assert shuffled == order, "the same items stay where they are"


@given(st.lists(st.floats(0, 1), min_size=20, max_size=20, unique=True), st.permutations(range(20)))
def test_an_old_order_gives_way_when_the_best_would_stand_in_the_middle(
    relevances: list[float], old: list[int]
) -> None:
    items = [Segment(str(n), "retrieved", relevance=value) for n, value in enumerate(relevances)]
    order = at_edges(items, [str(n) for n in old])
    best = sorted(items, key=lambda item: -(item.relevance or 0.0))[:3]
    assert [place for place, item in enumerate(order, 1) if item in best and 5 <= place <= 15] == []


def test_retrieved_items_that_do_not_fit_go_by_relevance() -> None:
    items = [Segment(str(n), "retrieved", "x", tokens=100, relevance=n / 20) for n in range(20)]
    plan = budget(1_000).fit([SYSTEM, *items])
    assert sorted(int(one.segment.id) for one in plan.placed[1:]) == list(range(11, 20))
    assert plan.tokens == 1_000
    assert plan.crowded
    assert "100%" in plan.warnings[0]
