"""The share of traces that came, from the ids alone: right when sampled, silent when not."""

from __future__ import annotations

import random

import pytest

from quarterdeck.observe.doctor.head import head_sampling, kept_share


def ids(seed, n, keep=lambda _: True):
    """`n` random trace ids that the sampler keeps."""
    rng = random.Random(seed)
    found = []
    while len(found) < n:
        trace_id = f"{rng.getrandbits(128):032x}"
        if keep(trace_id):
            found.append(trace_id)
    return found


def python(rate):
    return lambda trace_id: int(trace_id[16:], 16) < rate * 2**64


def java(rate):
    def keep(trace_id):
        low = int(trace_id[16:], 16)
        return abs(low - 2**64 if low >= 2**63 else low) < rate * 2**63

    return keep


def consistent(rate):
    return lambda trace_id: int(trace_id[18:], 16) >= (1 - rate) * 2**56


@pytest.mark.parametrize("sampler", [python, java, consistent])
@pytest.mark.parametrize(("rate", "n"), [(0.01, 20), (0.1, 12), (0.1, 200), (0.5, 100)])
def test_a_sampled_service_is_found_and_its_rate_lies_in_the_interval_as_often_as_promised(sampler, rate, n):
    found = [kept_share(ids(f"{sampler.__name__}/{seed}", n, sampler(rate))) for seed in range(60)]
    assert all(found)
    covered = sum(kept.low <= rate <= kept.high for kept in found)
    assert covered >= 51  # 95 % of 60 are 57; fewer than 51 has a chance below one in a thousand
    mean = sum(kept.share for kept in found) / len(found)
    assert abs(mean / rate - 1) < 0.1


@pytest.mark.parametrize("n", [1, 5, 20, 100, 2000])
def test_a_service_that_samples_nothing_is_never_blamed(n):
    assert [seed for seed in range(200) if kept_share(ids(f"all/{n}/{seed}", n)) is not None] == []


@pytest.mark.parametrize(
    "made",
    [
        [f"{n:032x}" for n in range(1, 200)],
        [f"{n << 64:032x}" for n in range(1, 200)],
        ["0" * 31 + "1"] * 50,
        [f"{7:016x}{n * 1000:016x}" for n in range(1, 50)],
    ],
)
def test_counters_and_constants_are_no_samples(made):
    assert kept_share(made) is None


def test_the_finding_names_the_service_the_numbers_and_the_setting():
    (finding,) = head_sampling({"desk": ids(1, 40, python(0.1)), "shop": ids(2, 40)}, known=0, came=0, unknown=0)
    assert (finding.code, finding.severity, finding.evidence["service"]) == ("head_sampling", "error", "desk")
    assert finding.evidence["traces"] == 40
    assert 250 < finding.evidence["traces_sent"] < 600
    assert "OTEL_TRACES_SAMPLER=parentbased_always_on" in finding.mend


def test_what_spans_say_themselves_is_told_apart_from_what_they_do_not_say():
    (finding,) = head_sampling({}, known=40, came=4, unknown=2)
    assert finding.code == "head_sampling_declared"
    assert finding.evidence == {"runs": 6, "stand_for": 40, "weight_unknown": 2}
    assert head_sampling({}, known=0, came=0, unknown=0) == []
