"""What admission must reach, on small loads of the shape of the large ones: shares of the limit, and what it may cost."""

from __future__ import annotations

import numpy as np
import pytest

from quarterdeck.control.admit import Policy
from quarterdeck.light.simulate import OURS, make_client, simulate_file, simulate_jobs
from quarterdeck.simulate.load.account import Account, Spell
from quarterdeck.simulate.load.bench import Bench
from quarterdeck.simulate.load.clients import PEERS
from quarterdeck.simulate.load.job import Job
from quarterdeck.simulate.load.limit import LIMITED, limits_of


def jobs(n: int, seed: int = 5) -> list[Job]:
    rng = np.random.default_rng(seed)
    sizes = zip(rng.lognormal(6.9, 0.6, n).round().tolist(), rng.lognormal(4.6, 0.8, n).clip(1, 900).round().tolist(), strict=True)  # fmt: skip
    return [Job(0.0, tokens_input, tokens_output) for tokens_input, tokens_output in sizes]


@pytest.mark.parametrize("meter", [meter for meter in LIMITED if meter != "openai"])
def test_most_of_the_limit_is_used_and_nothing_is_refused(meter: str) -> None:
    found = simulate_jobs(jobs(2_000), meter=meter, policy=OURS, limits=limits_of(meter, None))
    assert found["completed"] == 2_000
    assert found["fraction_of_limit"] > (
        0.83 if meter in ("azure", "bedrock_mantle") else 0.93
    )  # the tail of a short load weighs; benchmarks run long ones
    assert found["rejections_per_request"] <= 0.001
    assert found["truncated_fraction"] == 0


def test_where_nothing_is_given_back_answers_are_capped_and_few_are_cut() -> None:
    load, limits = jobs(3_000), limits_of("openai", None)
    ours, peer = (simulate_jobs(load, meter="openai", policy=policy, limits=limits) for policy in (OURS, "leaky"))
    assert ours["completed"] == peer["completed"] == 3_000
    assert ours["fraction_of_limit"] >= 2.4 * peer["fraction_of_limit"]
    assert 0 < ours["truncated_fraction"] <= 0.0125


def test_a_run_is_the_same_again() -> None:
    load, limits = jobs(300), limits_of("anthropic", None)
    assert simulate_jobs(load, meter="anthropic", policy=OURS, limits=limits) == simulate_jobs(
        load, meter="anthropic", policy=OURS, limits=limits
    )


@pytest.mark.parametrize(("headers", "most"), [(True, 0.02), (False, 0.05)])
def test_a_limit_that_is_halved_while_another_takes_its_part(headers: bool, most: float) -> None:
    limits = limits_of("anthropic", None)
    account = Account("anthropic", limits, [Spell(100.0, 200.0, limit=0.5, others=0.15)], headers=headers)
    load = jobs(2_500)
    bench = Bench(load, account, until_s=300.0, again_after_s=0.0)
    report = bench.run(make_client(bench, OURS, "anthropic", limits if headers else None, chance=lambda: 0.5))
    mean = sum(job.tokens_input for job in load) / len(load)
    oracle = limits["input"] / mean * (1 + (200 + 100 * 0.35) / 60)
    assert report.answers >= 0.95 * oracle
    assert report.rejections <= most * report.answers


def test_an_outage_costs_few_attempts() -> None:
    limits = {"requests": 40_000.0, "input": 4_500_000.0, "output": 900_000.0}
    bench = Bench(jobs(3_000), Account("anthropic", limits, [Spell(60.0, 120.0, status=503)]), agents=200, until_s=240.0, again_after_s=5.0)  # fmt: skip
    report = bench.run(make_client(bench, OURS, "anthropic", limits, chance=lambda: 0.5))
    assert report.failures > 0
    assert report.sent <= 1.1 * report.answers
    assert any(120.0 < at < 135.0 for at, _, _ in report.served)


def test_one_abusive_tenant_among_twenty_of_all_sizes_gets_its_share_and_no_more() -> None:
    load = [
        Job(0.0, 100.0 * 100 ** (at / 19), 10, tenant=f"t{at:02d}")
        for at in range(20)
        for _ in range(3_000 if at == 0 else 400)
    ]
    limits = {"requests": 100_000.0, "input": 450_000.0}
    bench = Bench(load, Account("anthropic", limits), agents=20 * 200, until_s=360.0, again_after_s=0.0)
    bench.run(client := make_client(bench, OURS, "anthropic", limits, chance=lambda: 0.5))
    counters = [had for (_, name), had in client.gate.waiters.counters().items() if name]
    assert max(counters) - min(counters) <= 2 * (10_000 + 2 * 10)  # the bound of the virtual token counter
    assert min(counters) > 100_000


def test_lanes_are_kept_under_load() -> None:
    load = [Job(0.0, 1_000, 20, lane="batch" if at % 2 else "interactive", tenant="batch" if at % 2 else "people") for at in range(1_200)]  # fmt: skip
    limits = {"requests": 100_000.0, "input": 60_000.0}
    bench = Bench(load, Account("anthropic", limits), agents=800, until_s=300.0)
    report = bench.run(make_client(bench, OURS, "anthropic", limits, chance=lambda: 0.5, ours=Policy(floor_share=0.1)))
    until = min(at for at in report.tenants_idle_at.values())
    people = sum(1 for at, tenant, _ in report.served if tenant == "people" and at < until)
    batch = sum(1 for at, tenant, _ in report.served if tenant == "batch" and at < until)
    assert people > 4 * batch
    assert batch > 0.05 * people


def test_an_unknown_policy_is_told_the_names(tmp_path) -> None:
    from quarterdeck.errors import BadInput

    with pytest.raises(BadInput, match=f"expected one of {OURS}, {next(iter(PEERS))}"):
        simulate_file(tmp_path / "a.csv", meter="openai", policy="no_such")
