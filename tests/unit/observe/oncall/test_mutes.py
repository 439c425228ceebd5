"""A mute has an owner, a reason and an end. The story: a family muted three weeks ago, and a real regression inside it for two days."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.observe.oncall.alerts import COHORT, DAY_NS, HOUR_NS, NOW, V7, alert, finding

from quarterdeck.errors import BadInput
from quarterdeck.model.oncall import Mute
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.mutes import ended, holding, mute_of

OPTIONS = OncallOptions()


def mute(past: tuple[Mute, ...] = (), *, at: int = NOW, **changed: Any) -> Mute:
    asked: dict[str, Any] = {
        "signal": "failing",
        "where": COHORT,
        "owner": "ann",
        "reason": "the vendor migrates its index today",
        "hours": 24.0,
        **changed,
    }
    return mute_of("default", **asked, past=past, now_ns=at, options=OPTIONS)


def test_three_weeks_cannot_be_asked_for() -> None:
    with pytest.raises(BadInput, match="at most 72"):
        mute(hours=21 * 24.0)


def test_three_weeks_cannot_be_had_by_renewing() -> None:
    """Whoever renews a mute whenever it ends, and under whatever wider or narrower name, holds pages for 72 hours of any week."""
    held: tuple[Mute, ...] = ()
    hours_held = 0.0
    for hour in range(21 * 24):
        at = NOW + hour * HOUR_NS
        if held and held[-1].until_ns > at:
            continue
        where = (COHORT, COHORT[:1], V7.where)[hour % 3]
        try:
            held = (*held, mute(held, at=at, where=where, hours=8.0))
            hours_held += 8
        except BadInput:
            continue
    assert 0 < hours_held <= 3 * 72
    within_week = [one for one in held if one.at_ns < NOW + 7 * DAY_NS]
    assert sum(one.until_ns - one.at_ns for one in within_week) <= 72 * HOUR_NS


@pytest.mark.parametrize(
    "changed",
    [{"owner": " "}, {"reason": "noise"}, {"reason": "model was weird"}, {"hours": 0.0}, {"hours": float("nan")},
     {"signal": "guardrail"}],
)  # fmt: skip
def test_a_mute_takes_an_owner_a_reason_an_end_and_never_policy(changed: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        mute(**changed)


def test_a_mute_holds_what_lies_inside_it() -> None:
    one = mute()
    assert holding([one], alert(), NOW + HOUR_NS) == one, "v7 lies inside the cohort"
    assert holding([one], alert(), NOW + 25 * HOUR_NS) is None
    assert holding([ended(one, "by ann", NOW)], alert(), NOW + HOUR_NS) is None
    assert holding([one], alert(where=()), NOW + HOUR_NS) is None, "the whole fleet is more than was muted"
    also = alert(finding(), finding(signal="tokens", stream_id="t"))
    assert holding([one], also, NOW + HOUR_NS) is None, "another signal of the same cause was not muted"
    assert holding([replace(one, signal=None)], also, NOW + HOUR_NS) is not None
