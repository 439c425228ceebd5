"""Sampling over HTTP: the policy and what it kept, a dry run, a search among kept bodies, and the labels' budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.observe.runs.cardinality import LabelBook
from quarterdeck.observe.runs.label_options import LabelOptions
from quarterdeck.observe.sampling import Sampler, SamplingGauges, SamplingOptions

HOUR_NS = 3600 * 10**9
FILLED = 40
FAILED = 4


class Silent:
    """A log that must not be needed."""

    def error(self, event: str, **fields: Any) -> None:
        raise AssertionError((event, fields))

    warning = error


@pytest.fixture
def options() -> SamplingOptions:
    return SamplingOptions(reservoir=10, top_share=0.0)


@pytest.fixture
def filled(deck: Any, trace: Callable[..., Any]) -> Any:
    """Forty sessions of one run, four of which failed and say so."""
    for n in range(1, FILLED + 1):
        spans = trace(n, session=f"s{n}", failed=n <= FAILED)
        if n <= FAILED:
            spans[-1] = spans[-1]._replace(attributes={**spans[-1].attributes, "note": ["a lost parcel"]})
        deck.take(spans)
    return deck


@pytest.fixture
def decided(filled: Any, options: SamplingOptions) -> Any:
    """The same after the decider and the removal."""
    sampler = Sampler(
        store=filled.store,
        options=options,
        key=b"",
        gauges=SamplingGauges(CollectorRegistry()),
        clock=filled.clock,
        log=Silent(),
        projects=lambda: ["default"],
    )
    for _ in range(3):
        filled.clock.advance(2 * 3600)
        sampler.round(filled.clock.now_ns())
    return filled


def test_what_the_policy_kept_by_reason_and_stratum(decided: Any, options: SamplingOptions) -> None:
    body = decided.client(sampling=options).get("/api/v1/sampling?since=-24h").json()
    assert body["policy"]["reservoir"] == 10
    assert (body["sessions"], body["runs"], body["undecided"], body["kept"]) == (FILLED, FILLED, 0, 10 + FAILED)
    assert body["reasons"] == [
        {"reason": "reservoir", "sessions": FILLED - FAILED, "kept": 10},
        {"reason": "error", "sessions": FAILED, "kept": FAILED},
    ]
    [stratum] = body["strata"]
    assert stratum["parts"]["agent"] == "support"
    assert stratum["parts"]["tenant"] == "unknown"
    assert (stratum["seen"], stratum["kept"]) == (FILLED, 10 + FAILED)
    assert 0 < stratum["probability_low"] < 1 == stratum["probability_high"]
    assert body["unknown"]["tenant"] == FILLED
    assert 0 < body["text_bytes"]["kept"] < body["text_bytes"]["all"]


def test_undecided_sessions_are_told(filled: Any) -> None:
    body = filled.client().get("/api/v1/sampling").json()
    assert (body["sessions"], body["undecided"], body["kept"], body["strata"]) == (FILLED, FILLED, 0, [])


def test_a_dry_run_says_what_would_be_kept_and_changes_nothing(filled: Any) -> None:
    client = filled.client()
    body = client.request("POST", "/api/v1/sampling/try", json={"reservoir": 5, "keep": [], "top_share": 0}).json()
    assert (body["policy"]["reservoir"], body["kept"], body["undecided"]) == (5, 5, 0)
    assert body["reasons"] == [{"reason": "reservoir", "sessions": FILLED, "kept": 5}]
    assert 0.2 < body["expected_relative_error"]["sessions"] < 0.8
    assert client.get("/api/v1/sampling").json()["undecided"] == FILLED


def test_a_dry_run_without_changes_is_the_policy_in_force(filled: Any) -> None:
    body = filled.client().request("POST", "/api/v1/sampling/try", json={}).json()
    assert body["kept"] == FILLED
    assert body["expected_relative_error"] == {"sessions": 0.0, "tokens": 0.0, "cost_usd": 0.0}


@pytest.mark.parametrize(
    "wanted",
    [{"reservoir": 0}, {"reservoirs": 5}, {"keep": ["everything"]}, {"mode": "some"}, {"since": "yesterday"}, [1]],
)
def test_a_policy_that_cannot_be_is_refused(filled: Any, problem: Callable[..., Any], wanted: Any) -> None:
    body = problem(filled.client().request("POST", "/api/v1/sampling/try", json=wanted), 400, "bad_input")
    assert "found" in body["detail"] or "no such parameter" in body["detail"]


def test_a_run_says_how_its_bodies_were_kept(decided: Any) -> None:
    runs = decided.client().get("/api/v1/runs?limit=500").json()["items"]
    assert {run["body_reason"] for run in runs} == {"reservoir", "error"}
    assert all(run["body_probability"] == 1.0 for run in runs if run["body_reason"] == "error")
    assert {run["weight"] for run in runs} == {1.0}


def test_a_run_says_that_nothing_is_decided_yet(filled: Any) -> None:
    runs = filled.client().get("/api/v1/runs").json()["items"]
    assert {(run["body_reason"], run["body_probability"]) for run in runs} == {(None, None)}


def test_a_search_reads_kept_bodies_and_estimates_for_all(decided: Any, options: SamplingOptions) -> None:
    """Every run says it, so the share is 1; the runs without bodies are counted, not taken for a no."""
    body = decided.client(sampling=options).get("/api/v1/bodies/search?q=%3CB%3Ehi&since=-24h").json()
    assert (body["runs"], body["runs_read"], body["runs_without_bodies"]) == (FILLED, 10 + FAILED, FILLED - 10 - FAILED)
    assert body["matches"] == 10 + FAILED
    assert body["truncated"] is False
    assert "<b>hi</b>" in body["items"][0]["excerpt"]
    assert body["estimated"]["share"]["value"] == 1.0
    assert 0.5 < body["estimated"]["share"]["low"] < 1.0
    assert body["estimated"]["weight_unknown"] == 0


def test_a_search_weighs_what_was_drawn_against_what_was_kept_for_certain(
    decided: Any, options: SamplingOptions
) -> None:
    """Failed runs alone say it: four of forty, known exactly although they are four of fourteen that were read."""
    client = decided.client(sampling=options)
    share = client.get("/api/v1/bodies/search?q=lost+parcel&since=-24h").json()["estimated"]["share"]
    assert share["value"] == pytest.approx(FAILED / FILLED)
    assert 0.02 < share["low"] < share["value"] < share["high"] < 0.4
    none = client.get("/api/v1/bodies/search?q=no+such+word&since=-24h").json()
    assert (none["matches"], none["items"], none["estimated"]["share"]["value"]) == (0, [], 0.0)
    assert none["estimated"]["share"]["high"] < 0.4


def test_a_bounded_search_reads_a_part_and_says_so(filled: Any) -> None:
    few = SamplingOptions(search_runs_max=10)
    body = filled.client(sampling=few).get("/api/v1/bodies/search?q=hi").json()
    assert (body["truncated"], body["runs"], body["runs_read"], body["matches"]) == (True, FILLED, 10, 10)
    assert body["estimated"]["share"]["n"] == 10


def test_a_search_of_everything_is_exact(filled: Any) -> None:
    body = filled.client().get("/api/v1/bodies/search?q=HI&limit=3").json()
    assert (len(body["items"]), body["matches"]) == (3, FILLED)
    assert body["estimated"]["share"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": FILLED, "method": "exact"}


def test_a_search_in_an_empty_window_is_insufficient(deck: Any) -> None:
    body = deck.client().get("/api/v1/bodies/search?q=hi").json()
    assert (body["items"], body["estimated"]["share"]) == ([], None)
    assert body["estimated"]["insufficient"]


@pytest.mark.parametrize("query", ["", "q=a", "q=" + "a" * 201, "q=hi&colour=red"])
def test_a_search_that_cannot_be_is_refused(deck: Any, problem: Callable[..., Any], query: str) -> None:
    problem(deck.client().get(f"/api/v1/bodies/search?{query}"), 400, "bad_input")


def test_the_budget_of_labels(deck: Any, trace: Callable[..., Any]) -> None:
    book = LabelBook(
        LabelOptions(values_max=2), lambda project: deck.store.facets(deck_filter(project), ("agent",), limit=9)
    )
    deck.take(trace(1))
    labels = deck.client(labels=book.now).get("/api/v1/cardinality").json()["items"]
    agent = next(label for label in labels if label["label"] == "agent")
    assert (agent["admitted"], agent["capacity"], agent["refused"]) == (1, 2, [])
    assert agent["top"] == [{"value": "support", "runs_low": 1, "runs_high": 1}]
    assert agent["distinct"]["value"] == pytest.approx(1, abs=0.01)
    assert len(labels) == 9


def deck_filter(project: str) -> Any:
    from quarterdeck.store.interface import RunFilter

    return RunFilter(project)


def weighted(deck: Any, trace: Callable[..., Any], weights: list[str | None]) -> dict[str, Any]:
    """The fleet of runs whose spans carry these sample rates (None = not sampled, "?" = by nobody knows what odds)."""
    signs = {None: {}, "?": {"tailsampling.policy": "errors"}}
    for n, rate in enumerate(weights, 1):
        sign = signs.get(rate, {"SampleRate": rate})
        deck.take([span._replace(attributes={**span.attributes, **sign}) for span in trace(n)])
    return deck.client().get("/api/v1/fleet").json()


def test_a_fleet_that_nobody_sampled_is_counted_exactly(deck: Any, trace: Callable[..., Any]) -> None:
    body = weighted(deck, trace, [None] * 3)
    assert body["estimated"] == {"runs": 3.0, "interval": [3.0, 3.0], "n": 3, "weight_unknown": 0}


def test_sampled_runs_count_for_what_they_stand_for_and_unknown_ones_are_told(
    deck: Any, trace: Callable[..., Any]
) -> None:
    """The count of runs stays that of those that came."""
    body = weighted(deck, trace, [10] * 6 + [None] * 2 + ["?"])
    assert body["runs"] == 9
    estimated = body["estimated"]
    assert (estimated["runs"], estimated["n"], estimated["weight_unknown"]) == (62.0, 8, 1)
    assert 8 <= estimated["interval"][0] < 62 < estimated["interval"][1]


def test_without_any_known_weight_there_is_no_number(deck: Any, trace: Callable[..., Any]) -> None:
    assert weighted(deck, trace, ["?"] * 2)["estimated"] == {
        "runs": None,
        "interval": None,
        "n": 0,
        "weight_unknown": 2,
    }
