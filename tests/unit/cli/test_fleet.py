"""`quarterdeck fleet` about what is watched: words for streams, and the verb against a real API with a real watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from quarterdeck.api.routes.signals import _EXAMPLE_ONE, EXAMPLE, EXAMPLE_PROMISE
from quarterdeck.api.wire.signals import promise_dict, stream_dict
from quarterdeck.cli import stream_words
from quarterdeck.model.measured import Measured

AGO = ("--since", "2025-10-01T00:00:00Z")


def test_a_stream_is_a_row_with_evidence_beside_its_threshold() -> None:
    assert stream_words.row(stream_dict(EXAMPLE)) == [
        "failing runs",
        "support-agent production, prompt_version v6 → v7",
        "31 % (26–36 %, n=212)",
        "12 % (10–14 %, n=905)",
        "31,020",
        "12,000",
        "reached",
        "5b1c9a40f3e2d788",
    ]


def test_amounts_have_three_digits_and_the_unknown_says_why() -> None:
    unknown = Measured(None, None, None, 3, None, "too few runs", 30)
    tokens = replace(
        EXAMPLE, kind="amount", unit="tokens/run", now=Measured(68_123.0, 60_000, 72_000, 40), before=unknown, deploy=None,
        lane="cohort", state="learning", runs_needed=27, cohort=(("agent", None),), threshold=float("inf"),
    )  # fmt: skip
    row = stream_words.row(stream_dict(tokens))
    assert row[1:4] == ["(agent unknown)", "68,123 tokens/run (n=40)", "too few runs"]
    assert row[5:7] == ["—", "learning, 27 more runs to see a change"]
    assert [stream_words.amount(value) for value in (3.4119, 0.01234, 100.4)] == ["3.41", "0.0123", "100"]


def test_the_promise_is_an_expectation_with_its_conditions() -> None:
    promise = promise_dict(EXAMPLE_PROMISE)
    assert stream_words.promise_line(promise) == (
        "1 false alarm a month is allowed; 0.4 to be expected since 2026-11-12 if nothing ever changed. 1 of 1 conditions holds."
    )
    lines = stream_words.condition_lines(promise)
    assert list(lines) == ["clustering holds: runs of one session are as different as those of others"]


def test_a_stream_in_full_names_version_alert_and_runs_to_open() -> None:
    lines = "\n".join(stream_words.stream_lines(_EXAMPLE_ONE))
    for part in (
        "failing runs of support-agent production, prompt_version v6 → v7: reached",
        "as many runs again would tell 19 % or more",
        "2026-11-24 06:58:45  prompt_version v6 → v7 (support-agent production)",
        "2026-11-24 06:59:40  alert 0d4f2b7a91c35e68 firing",
        "run 9f86d081884c7d659a2feaa0c55ad015 (medoid): the most typical of 65 such runs",
    ):
        assert part in lines
    assert list(stream_words.history_rows(_EXAMPLE_ONE)) == [["2026-11-24 07:00:00", "31 %", "31,020"]]


def test_a_shift_of_the_mix_is_a_line() -> None:
    shift = {"where": {"agent": "triage", "task_class": None}, "now": {"value": 0.31}, "before": {"value": 0.22}}
    assert list(stream_words.mix_lines([shift])) == ["mix: triage (task_class unknown) is 31 % of runs, 22 % before"]


def test_the_fleet_shows_the_promise(quarterdeck: Callable[..., Any], url: str) -> None:
    words, _table = quarterdeck("fleet", "--url", url, *AGO).out.split("\n\n", 1)
    assert "1 false alarm a month is allowed; 0 to be expected since 2025-10-09" in words


def test_all_streams_and_one_of_them(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("fleet", "--url", url, "--signals")
    assert (answer.code, "learning" in answer.out, "the whole fleet" in answer.out) == (0, True, True)
    document = quarterdeck("fleet", "--url", url, "--signals", "--json").document
    assert {one["lane"] for one in document["items"]} == {"pooled", "cohort"}
    assert document["promise"]["alarms_per_month"] == 1
    first = document["items"][0]
    one = quarterdeck("fleet", "--url", url, "--signal", first["stream_id"])
    assert one.out.startswith(f"{first['title']} of ")
    whole = quarterdeck("fleet", "--url", url, "--signal", first["stream_id"], "--json").document
    assert (whole["stream_id"], whole["alerts"]) == (first["stream_id"], [])


def test_an_unknown_stream_is_an_error(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("fleet", "--url", url, "--signal", "nothing")
    assert answer.code == 3
    assert "there is no stream 'nothing'" in answer.err
