"""The long stories of admission, on the virtual clock: whoever floods, fans out or fails, the others hardly notice."""

from __future__ import annotations

from itertools import pairwise

import pytest

from quarterdeck.control.admit.charge import Limits
from quarterdeck.simulate.load.account import Spell

from .admission_load import LIMITS, Story, burst, play, steady

pytestmark = pytest.mark.slow

METERS = {
    "anthropic": LIMITS,
    "azure": {"requests": 30_000.0, "total": 540_000.0},
    "bedrock_runtime": {"requests": 4_000.0, "total": 540_000.0},
    "bedrock_mantle": {"input": 540_000.0, "output": 90_000.0},
    "gemini": {"requests": 4_000.0, "input": 450_000.0},
    "generic": {"requests": 4_000.0, "input": 450_000.0, "total": 540_000.0},
}


def all_done(story: Story) -> bool:
    return all(one.answered is not None for one in story.calls) and not story.report.given_up


@pytest.mark.parametrize("meter", METERS)
def test_no_dimension_is_ever_exceeded(meter: str) -> None:
    """Twice the load that fits, in bursts: the provider refuses none of it, and no bucket of it falls below empty."""
    jobs = steady(12, 60, tenant="a") + [job for k in range(3) for job in burst(60, 20.0 * k, tenant="b", task=f"t{k}")]
    story = play(jobs, meter=meter, limits=METERS[meter])
    assert all_done(story)
    assert story.report.rejections == 0
    # Answers that stream are longer than was reserved for one in ten; the sum of many is not.
    slack = {name: 0.01 * limit if name == "output" else 1e-6 for name, limit in METERS[meter].items()}
    assert all(level >= -slack[name] for name, level in story.lowest.items()), story.lowest


def test_a_fan_out_of_47_workers_is_its_own_problem() -> None:
    """One user's request becomes 47 calls, every 5 s, two and a half times what fits; another tenant's calls go on."""
    alone = play(steady(2, 180, tenant="small"))
    jobs = steady(2, 180, tenant="small")
    for k in range(36):
        jobs += burst(47, 5.0 * k, tenant="big", task=f"t{k}")
    story = play(jobs)
    small = [one for one in story.calls if one.tenant == "small"]
    assert all_done(story)
    assert sum(one.refusals for one in small) == 0
    settled = [one.sent - one.wanted for one in small if one.sent is not None and one.wanted > 15]
    assert max(settled) < 3
    assert story.p95(lambda one: one.tenant == "small") <= 1.5 * alone.p95(lambda one: True)
    assert story.p95(lambda one: one.tenant == "big") > 60  # whose waiting it is


def test_a_task_cannot_pass_its_share() -> None:
    """With a share a task holds at most four calls, however many it asks for."""
    jobs = [job for k in range(3) for job in burst(47, 0.0, tenant="big", task=f"t{k}")]
    story = play(jobs, shares={"task:*": Limits(concurrency=4)})
    assert all_done(story)
    events = sorted(
        [(one.sent, 1) for one in story.calls if one.sent is not None]
        + [(one.answered, -1) for one in story.calls if one.answered is not None]
    )
    out = most = 0
    for _, step in events:
        out += step
        most = max(most, out)
    assert most == 12


def test_a_flooded_batch_lane_does_not_slow_the_first_one() -> None:
    interactive = steady(2.5, 180, lane="interactive", tenant="a")
    alone = play(interactive).p95(lambda one: True)
    story = play(interactive + steady(20, 180, lane="batch", tenant="b", seed=2))
    assert all_done(story)
    assert story.report.rejections == 0
    assert story.p95(lambda one: one.lane == "interactive") < 1.1 * alone


def test_a_flooded_first_lane_does_not_stop_the_batch() -> None:
    jobs = steady(20, 240, lane="interactive", tenant="a") + steady(5, 240, lane="batch", tenant="b", seed=2)
    story = play(jobs)
    began = [one for one in story.calls if one.sent is not None and 60 < one.sent < 240]
    batch = sorted(one.sent for one in began if one.lane == "batch" and one.sent is not None)
    assert 0.04 <= len(batch) / len(began) <= 0.12  # a floor of 5 % in tokens
    assert max(b - a for a, b in pairwise(batch)) < 20


@pytest.mark.parametrize("status", [503, 529])
def test_an_outage_of_30_s_is_over_a_minute_later(status: int) -> None:
    """At two thirds of the limit. Every attempt in the outage is wasted, so there are few; then the queue drains in order."""
    story = play(steady(5, 240), spells=[Spell(60, 90, status=status)])
    before = story.p95(lambda one: one.wanted < 50)
    assert all_done(story)
    assert story.report.sent <= 1.1 * len(story.calls)
    assert story.p95(lambda one: 150 <= one.wanted < 240) <= 2 * before
    assert story.p95(lambda one: 60 <= one.wanted < 90) < 90
