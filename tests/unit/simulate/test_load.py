"""Loads on a virtual clock: traces are read or told, the provider's own rule, peers, and what physics allows."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from quarterdeck.errors import BadFile, BadInput
from quarterdeck.simulate.load.account import Account, Spell
from quarterdeck.simulate.load.bench import Bench, Report
from quarterdeck.simulate.load.clients import PEERS
from quarterdeck.simulate.load.job import Job
from quarterdeck.simulate.load.limit import LIMITED, limits_of, oracle_s, physical_s
from quarterdeck.simulate.load.summary import jain, summarise
from quarterdeck.simulate.load.trace import read_jobs

JOBS = [Job(at * 0.1, 1_000, 50 + at % 7, tenant=f"t{at % 2}") for at in range(60)]
LIMITS = {"requests": 600.0, "input": 30_000.0, "output": 6_000.0, "total": 36_000.0}


def run(policy: str, meter: str, jobs: list[Job] = JOBS, **arguments: object) -> Report:
    limits = limits_of(meter, LIMITS)
    bench = Bench(jobs, Account(meter, limits), agents=16, max_tokens=500, **arguments)
    return bench.run(PEERS[policy].make(bench, limits, lambda: 0.5))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n"),
        ("a.csv", "arrived_s,tokens_input,tokens_output,tenant\n5,374,44,acme\n9.314579,396,109,acme\n"),
        ("a.jsonl", '{"timestamp": 0, "input_length": 374, "output_length": 44, "hash_ids": [1]}\n{"timestamp": 4314.579, "input_length": 396, "output_length": 109}\n'),
    ],
)  # fmt: skip
def test_traces_are_read(tmp_path: Path, name: str, text: str) -> None:
    plain, packed = tmp_path / name, tmp_path / f"{name}.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for path in (plain, packed):
        jobs = read_jobs(path)
        assert [(job.tokens_input, job.tokens_output) for job in jobs] == [(374, 44), (396, 109)]
        assert [job.arrived_s for job in jobs] == pytest.approx([0, 4.314579], abs=1e-3)


def test_a_parquet_trace_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"tokens_input": [5, 6], "tokens_output": [1, 2], "tenant": ["a", None]}), path)  # fmt: skip
    assert read_jobs(path) == [Job(0.0, 5, 1, tenant="a"), Job(0.0, 6, 2)]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "no rows"),
        ("a.csv", "tokens_input\n5\n", r"a.csv:2: no tokens_output; expected a column tokens_output"),
        ("a.csv", "tokens_input,tokens_output\n5,many\n", "a.csv:2: not a number"),
        ("a.csv", "tokens_input,tokens_output\n-5,1\n", "a.csv:2: tokens_input must be 0 or more"),
        ("a.csv", "tokens_input,tokens_output\nnan,1\n", "a.csv:2: tokens_input must be 0 or more"),
        ("a.jsonl", "{}\nnot json\n", "a.jsonl:1: no tokens_input"),
        ("a.jsonl", "[1]\n", "a.jsonl:1: expected a JSON object, found list"),
        ("a.parquet", "PAR", "not a Parquet file"),
        ("a.txt", "5", "unknown kind '.txt'"),
        ("a.csv.gz", "not gzip", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(BadFile, match=words):
        read_jobs(path)
    with pytest.raises(BadFile, match="cannot be read"):
        read_jobs(tmp_path / "absent.csv")


@pytest.mark.parametrize("policy", PEERS)
def test_every_peer_gets_a_small_load_done(policy: str) -> None:
    report = run(policy, "anthropic")
    assert report.completed == len(JOBS)
    assert report.given_up == {}


@pytest.mark.parametrize("policy", ["sdk_retry", "adaptive", "window"])
def test_a_run_is_the_same_again(policy: str) -> None:
    assert run(policy, "azure") == run(policy, "azure")


def test_a_limiter_that_charges_the_cap_and_never_settles_wastes_most() -> None:
    settled, charged = run("window_wake", "anthropic"), run("leaky", "anthropic")
    assert charged.makespan_s > 2 * settled.makespan_s
    assert charged.rejections == 0


def test_no_limiter_is_refused_many_times() -> None:
    assert run("sdk_retry", "anthropic").rejections > 2 * len(JOBS)


@pytest.mark.parametrize("meter", LIMITED)
def test_the_provider_never_gives_more_than_its_limits(meter: str) -> None:
    """Against a client that only pushes: what was served is no more than buckets and refill allow."""
    limits = limits_of(meter, LIMITS)
    report = run("sdk_retry", meter)
    assert report.completed == len(JOBS)
    assert report.makespan_s >= physical_s(meter, limits, JOBS, 500)


def test_recorded_arrivals_are_kept_and_the_oracle_is_no_slower_than_physics() -> None:
    report = run("window_wake", "anthropic", recorded=True)
    assert report.makespan_s > JOBS[-1].arrived_s
    limits = limits_of("anthropic", LIMITS)
    oracle = oracle_s("anthropic", limits, JOBS, 500, 16)
    assert physical_s("anthropic", limits, JOBS, 500) <= oracle <= report.makespan_s + 1.0


def test_an_answer_that_is_cut_is_continued_and_its_cost_counts() -> None:
    class Cutter:
        def __init__(self, bench: Bench) -> None:
            self.bench = bench

        def arrived(self, demand) -> None:
            self.bench.send(demand, 20)

        def began(self, demand, headers) -> None: ...

        def answered(self, demand, answer) -> None: ...

        def refused(self, demand, refusal) -> None:
            self.bench.after(1.0, self.arrived, demand)

    bench = Bench([Job(0.0, 100, 50)], Account("anthropic", {"input": 1e6}), max_tokens=500)
    report = bench.run(Cutter(bench))
    assert (report.completed, report.answers, report.truncated) == (1, 3, 2)
    assert [tokens for _, _, tokens in report.served] == [120, 140, 150]


def test_a_spell_changes_the_limit_and_ends() -> None:
    account = Account("anthropic", {"input": 6_000.0}, [Spell(10.0, 20.0, limit=0.5, others=0.25, slower=2.0)])
    assert account.offer(0.0, 6_000, 0, 10, 10).status == 200
    assert account.offer(10.0, 1_000, 0, 10, 10).slower == 2.0  # 1,000 were refilled by now
    refusal = account.offer(14.0, 200, 0, 10, 10)  # 25 a second since
    assert (refusal.status, refusal.headers) == (429, {"retry-after": "2.000"})
    assert account.offer(20.0, 250, 0, 10, 10).status == 200
    assert account.offer(22.0, 199, 0, 10, 10).status == 200  # 100 a second again


def test_output_flows_out_of_the_bucket_while_it_streams() -> None:
    account = Account("anthropic", {"output": 600.0})
    verdict = account.offer(0.0, 1, 0, 100, 100)
    account.begin(0.0, verdict.ticket)
    account.offer(1.0, 1, 0, 1, 0)
    assert account.level["output"] == pytest.approx(600 - 50 + 10)


def test_jain() -> None:
    assert jain([5, 5, 5]) == 1.0
    assert jain([1, 0, 0, 0]) == 0.25
    assert jain([1]) is None
    assert jain([0, 0]) is None


def test_a_summary_says_null_where_there_is_nothing_to_say() -> None:
    told = summarise(Report(), 10, 0.0, [""])
    assert (told["fraction_of_limit"], told["jain_tenants"], told["wait_s"]["p50"]) == (None, None, None)
    json.dumps(told, allow_nan=False)


def test_limits_that_a_meter_has_not_are_told() -> None:
    assert limits_of("openai", {"total": 5, "input": 7}) == {"total": 5}
    with pytest.raises(BadInput, match="it limits requests, total"):
        limits_of("openai", {"input": 7})
    with pytest.raises(BadInput, match="above 0"):
        limits_of("openai", {"total": 0})
