"""The pure parts: words, findings, times, encoding, sums. Facts in, answer out."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.api.encode import encode, to_json
from quarterdeck.api.times import parse_instant, rfc3339, rfc3339_or_none
from quarterdeck.api.wire.cohort import cost_per_success
from quarterdeck.api.wire.common import rate
from quarterdeck.api.wire.session import summed_cost, summed_tokens
from quarterdeck.api.words import CohortFacts, FleetFacts, WatchedFacts, in_words
from quarterdeck.errors import BadInput
from quarterdeck.model.runs import Cost, Tokens
from quarterdeck.observe.doctor import Producer, TelemetryFacts, find
from quarterdeck.store.interface import CohortRow

NOW = 1_795_503_600 * 10**9


def fleet(**changes) -> FleetFacts:
    facts = {
        "live": 1012,
        "runs": 1416,
        "scored": 1416,
        "failed": 170,
        "minutes": 60,
        "cohorts": (),
        "otlp_http": "http://127.0.0.1:4318",
        "known": True,
    }
    return FleetFacts(**(facts | changes))


V6, V7 = CohortFacts("support-agent", "v6", 60), CohortFacts("support-agent", "v7", 110)
RATE = "12 % of 1,416 finished runs failed in the last 60 min (10–14 %)."


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (fleet(cohorts=(V6, V7)), f"1,012 runs live. {RATE} support-agent with prompt v7 makes most failures."),
        (fleet(), f"1,012 runs live. {RATE}"),
        (fleet(cohorts=(V7,)), f"1,012 runs live. {RATE}"),
        (fleet(cohorts=(V6, CohortFacts("support-agent", "v7", 85))), f"1,012 runs live. {RATE}"),
        (
            fleet(cohorts=(V6, CohortFacts("solo", None, 110))),
            f"1,012 runs live. {RATE} solo makes most failures.",
        ),
        (fleet(cohorts=(V6, CohortFacts(None, "v7", 110))), f"1,012 runs live. {RATE}"),
        (
            fleet(live=1, scored=12, failed=3, minutes=180),
            "1 run live. 3 of 12 finished runs failed in the last 3 h: too few to judge.",
        ),
        (
            fleet(live=0, scored=1, failed=1),
            "0 runs live. 1 of 1 finished run failed in the last 60 min: too few to judge.",
        ),
        (fleet(scored=0, failed=0), "1,012 runs live. No run has finished in the last 60 min."),
        (fleet(failed=0), "1,012 runs live. 0 % of 1,416 finished runs failed in the last 60 min (0–0.3 %)."),
        (
            fleet(minutes=None, failed=1416),
            "1,012 runs live. 100 % of 1,416 finished runs failed in this window (100–100 %).",
        ),
        (
            fleet(cohorts=(V6, V7), watched=WatchedFacts(("v7 fails more than v6: 31 % against 12 %",), (), True)),
            "1,012 runs live. v7 fails more than v6: 31 % against 12 %. Nothing else moved.",
        ),
        (
            fleet(watched=WatchedFacts(("the whole fleet costs more.", "b", "c"), ("d",), True)),
            "1,012 runs live. The whole fleet costs more. 2 more alerts fire.",
        ),
        (fleet(live=0, runs=0, watched=WatchedFacts(("a", "b"), (), True)), "0 runs live. a. 1 more alert fires."),
        (fleet(watched=WatchedFacts(("a",), ("d", "e"), True)), "1,012 runs live. a. Evidence rises for 2 more."),
        (fleet(watched=WatchedFacts((), (), True)), f"1,012 runs live. {RATE} Nothing moved."),
        (fleet(watched=WatchedFacts((), (), False)), f"1,012 runs live. {RATE}"),
        (fleet(watched=WatchedFacts((), ("d",), True)), f"1,012 runs live. {RATE} Not sure yet: d."),
        (fleet(watched=WatchedFacts((), ("d", "e"), True)), f"1,012 runs live. {RATE} Not sure yet: d. 1 more."),
        (fleet(live=0, runs=0, scored=0, failed=0, minutes=7 * 1440), "No runs in the last 7 days."),
        (
            fleet(live=0, runs=0, scored=0, failed=0, known=False),
            "No runs yet. Point an agent at http://127.0.0.1:4318.",
        ),
        (
            fleet(live=0, runs=0, scored=0, failed=0, known=False, otlp_http=None),
            "No runs yet. Point an agent at this server's OTLP port.",
        ),
    ],
)
def test_the_fleet_in_words(facts, words) -> None:
    assert in_words(facts) == words


def facts(**changes) -> TelemetryFacts:
    quiet = {
        "window_h": 24,
        "runs": 1000,
        "runs_with_orphans": 0,
        "runs_without_root": 0,
        "runs_with_skew": 0,
        "runs_unpriced": 0,
    }
    return TelemetryFacts(**(quiet | changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity", "evidence", "mend"),
    [
        ({"runs_with_orphans": 10}, "orphans", "warning", {"share": 0.01, "runs": 1000}, "OTEL_TRACES_SAMPLER"),
        ({"runs_with_orphans": 200}, "orphans", "error", {"runs_with_orphans": 200}, "tail_sampling"),
        ({"runs_without_root": 30}, "missing_roots", "warning", {"runs_without_root": 30}, "force_flush"),
        ({"runs_with_skew": 1}, "clock_skew", "warning", {"runs_with_skew": 1, "hours": 24}, "NTP"),
        ({"runs_unpriced": 1}, "unpriced", "info", {"runs_unpriced": 1}, "serve.prices_file"),
        (
            {"unmapped": {"b": 1, "a": 9}},
            "unmapped_keys",
            "info",
            {"keys": 2, "most_frequent": {"a": 9, "b": 1}},
            "quarterdeck.*",
        ),
        (
            {"skeleton_spans": 7, "skeleton_share": 0.5},
            "overload_skeletons",
            "warning",
            {"skeleton_spans": 7, "skeleton_share": 0.5},
            "pipeline.skeleton_after_s",
        ),
        ({"rejected": {"bad_id": 2}}, "rejections", "warning", {"rejected": {"bad_id": 2}}, "/api/v1/rejections"),
        (
            {"producers": [Producer("otel", "s", 50, 20, 18)]},
            "usage_missing",
            "warning",
            {"model_calls": 20, "with_usage": 18, "share": 0.9, "scope": "s"},
            "include_usage",
        ),
    ],
)
def test_a_finding_has_its_numbers_and_its_mend(changes, code, severity, evidence, mend) -> None:
    (finding,) = find(facts(**changes))
    assert (finding.code, finding.severity) == (code, severity)
    assert evidence.items() <= dict(finding.evidence).items()
    assert mend in finding.mend


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"runs": 0},
        {"runs_with_orphans": 9},
        {"runs_without_root": 9},
        {"producers": [Producer("otel", "s", 50, 19, 0)]},
        {"producers": [Producer("otel", "s", 50, 100, 95)]},
        {"producers": [Producer("otel", "s", 50, 0, 0)]},
    ],
)
def test_what_needs_no_mending_is_not_found(changes) -> None:
    assert find(facts(**changes)) == []


def test_findings_come_worst_first() -> None:
    found = find(facts(runs_unpriced=1, runs_with_skew=1, runs_with_orphans=900))
    assert [finding.severity for finding in found] == ["error", "warning", "info"]


# Times


@given(st.integers(0, 2**63 - 1))
def test_times_go_out_and_come_back(ns) -> None:
    assert parse_instant(rfc3339(ns), now_ns=0, name="since") == ns // 1000 * 1000


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("-60m", NOW - 3600 * 10**9),
        ("-24h", NOW - 86_400 * 10**9),
        ("-7d", NOW - 7 * 86_400 * 10**9),
        ("-2w", NOW - 14 * 86_400 * 10**9),
        ("-30s", NOW - 30 * 10**9),
        ("-999999999w", 0),
        ("1795503600123", NOW + 123 * 10**6),
        ("2026-11-24T07:00:00Z", NOW),
        ("2026-11-24T07:00:00", NOW),
        ("2026-11-24T09:00:00+02:00", NOW),
        ("2026-11-24T09:00:00 02:00", NOW),
        (" 2026-11-24 ", NOW - 7 * 3600 * 10**9),
    ],
)
def test_times_are_read_in_every_documented_form(text, ns) -> None:
    assert parse_instant(text, now_ns=NOW, name="since") == ns


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_bad_input(text) -> None:
    with suppress(BadInput):
        assert 0 <= parse_instant(text, now_ns=NOW, name="since") < 2**63


def test_times_outside_the_calendar_do_not_fail() -> None:
    assert rfc3339(-5) == "1970-01-01T00:00:00.000000Z"
    assert rfc3339(10**30).startswith("2554-")
    assert rfc3339_or_none(0) is None
    assert rfc3339(NOW) == datetime.fromtimestamp(NOW / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# Encoding

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters()), st.binary(), st.dates()
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(st.text(), st.integers()), inner)),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_anything_becomes_json(document) -> None:
    json.loads(to_json(document))


def test_only_large_bodies_are_packed_and_only_for_those_who_take_it() -> None:
    document = ["x" * 2000]
    packed = encode(document, gzip=True, min_bytes=1024)
    assert packed.gzip
    assert json.loads(zlib.decompress(packed.body, 31)) == document
    assert not encode(document, gzip=False, min_bytes=1024).gzip
    assert not encode(["x"], gzip=True, min_bytes=1024).gzip


# Sums and rates


def test_no_trial_has_no_rate() -> None:
    assert rate(0, 0) is None
    assert rate(1, 2) == {
        "value": 0.5,
        "n": 2,
        "low": pytest.approx(0.0945, abs=1e-4),
        "high": pytest.approx(0.9055, abs=1e-4),
    }


def test_unknown_tokens_stay_unknown_in_sums() -> None:
    total = summed_tokens([Tokens(10, 1, coverage="full"), Tokens(5, None, 2, coverage="full"), Tokens()])
    assert total == Tokens(15, 1, 2, None, None, "partial")
    assert summed_tokens([Tokens(), Tokens()]) == Tokens()


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ([Cost()], Cost()),
        ([Cost(1.0, None, "priced"), Cost()], Cost(1.0, None, "priced")),
        ([Cost(1.0, None, "priced"), Cost(2.0, 3.0, "reconciled")], Cost(3.0, 3.0, "reconciled")),
        ([Cost(None, 0.1, "reported")] * 10, Cost(None, 1.0, "reported")),
    ],
)
def test_costs_add_up_exactly(parts, total) -> None:
    assert summed_cost(parts) == total


@pytest.mark.parametrize(
    ("scored", "failed", "cost", "known", "expected"),
    [
        (10, 5, 20.0, 10, 4.0),
        (10, 10, 20.0, 10, None),
        (0, 0, 20.0, 10, None),
        (10, 0, 0.0, 0, None),
        (5, 0, 20.0, 10, 2.0),
    ],
)
def test_cost_per_success_is_a_ratio_of_means(scored, failed, cost, known, expected) -> None:
    row = CohortRow({}, 10, 0, scored, failed, 0, 0, 0, 0, cost, known, None, None, None, None, 0)
    assert cost_per_success(row) == expected
