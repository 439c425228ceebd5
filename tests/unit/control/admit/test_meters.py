"""Each meter: what is charged when, and what the provider's words mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.control.admit.charge import INPUT, OUTPUT, REQUESTS, TOTAL
from quarterdeck.control.admit.headers import duration_s, retry_after_s, until_s
from quarterdeck.control.admit.meters import METERS, find_meter
from quarterdeck.control.admit.need import Need, Usage
from quarterdeck.errors import BadInput

NEED = Need(input=1_000, output=200, max_tokens=4_096, cached=300, cost_usd=0.01)
USAGE = Usage(input=1_000, output=150, cache_read=300, cost_usd=0.02)


@pytest.mark.parametrize(
    ("meter", "held", "settled"),
    [
        ("openai", (1, 0, 0, 5_096), (1, 0, 0, 5_096)),
        ("azure", (1, 0, 0, 5_096), (1, 0, 0, 1_150)),
        ("anthropic", (1, 700, 200, 0), (1, 700, 150, 0)),
        ("bedrock_runtime", (1, 0, 0, 4_796), (1, 0, 0, 1_450)),
        ("bedrock_mantle", (0, 4_796, 200, 0), (0, 700, 150, 0)),
        ("gemini", (1, 1_000, 0, 0), (1, 1_000, 0, 0)),
        ("generic", (1, 1_000, 200, 1_200), (1, 1_000, 150, 1_150)),
    ],
)
def test_what_is_charged(meter: str, held: tuple[float, ...], settled: tuple[float, ...]) -> None:
    one = find_meter(meter)
    at_admission, at_settlement = one.at_admission(NEED), one.at_settlement(NEED, USAGE)
    assert at_admission[:4] == held
    assert (at_admission.concurrency, at_admission.cost_usd) == (1.0, 0.01)
    assert at_settlement[:4] == settled
    assert (at_settlement.concurrency, at_settlement.cost_usd) == (0.0, 0.02)


@pytest.mark.parametrize("meter", METERS.values(), ids=METERS)
def test_the_charge_while_streaming_lies_between_admission_and_the_end(meter: Any) -> None:
    during = meter.during(NEED, 100.0)
    for i in meter.streamed:
        assert during[i] == 100.0
    assert all(during[i] <= max(meter.at_admission(NEED)[i], meter.at_settlement(NEED, USAGE)[i]) for i in range(4))


def test_burn_down_may_cost_more_than_the_cap() -> None:
    need = Need(input=100, output=200, max_tokens=300)
    assert find_meter("bedrock_runtime").at_admission(need).total == 1_100


def test_an_unknown_meter_is_told_the_names() -> None:
    with pytest.raises(BadInput, match="anthropic"):
        find_meter("no_such")


def test_openai_headers() -> None:
    headers = {
        "X-RateLimit-Limit-Tokens": "450000",
        "x-ratelimit-remaining-tokens": "448000",
        "x-ratelimit-reset-tokens": "6m0s",
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
    }
    found = {window.dimension: window for window in find_meter("openai").feedback(200, headers, None, 0.0).windows}
    assert found[TOTAL][1:] == (450_000, 448_000, 360.0)
    assert found[REQUESTS][1:] == (500, 499, pytest.approx(0.12))


@pytest.mark.parametrize(
    ("body", "terminal"),
    [
        ({"error": {"code": "rate_limit_exceeded", "type": "tokens", "message": "on tokens per min (TPM)"}}, None),
        ({"error": {"code": "insufficient_quota", "type": "insufficient_quota"}}, "spend cap"),
        (
            {"error": {"code": "rate_limit_exceeded", "type": "requests", "message": "on requests per day (RPD)"}},
            "daily quota",
        ),
    ],
)
def test_openai_refusals(body: dict[str, Any], terminal: str | None) -> None:
    told = find_meter("openai").feedback(429, {"retry-after-ms": "1500"}, json.dumps(body), 0.0)
    assert told.kind == "rate"
    assert told.retry_after_s == 1.5
    assert told.terminal == terminal


def test_azure_unknown_is_not_zero() -> None:
    """−1 and 0 as limits have been sent; neither is a limit."""
    headers = {
        "x-ratelimit-limit-tokens": "0",
        "x-ratelimit-remaining-tokens": "-1",
        "x-ratelimit-remaining-requests": "5",
    }
    windows = find_meter("azure").feedback(200, headers, None, 0.0).windows
    assert [(w.dimension, w.limit, w.remaining) for w in windows] == [(REQUESTS, None, 5.0)]


def test_anthropic_headers_and_instants() -> None:
    headers = {
        "anthropic-ratelimit-input-tokens-limit": "450000",
        "anthropic-ratelimit-input-tokens-remaining": "449000",
        "anthropic-ratelimit-input-tokens-reset": "2026-01-01T00:00:10Z",
        "anthropic-ratelimit-output-tokens-remaining": "0",
    }
    now = 1_767_225_600.0
    windows = {w.dimension: w for w in find_meter("anthropic").feedback(200, headers, None, now).windows}
    assert windows[INPUT][1:] == (450_000, 449_000, pytest.approx(10.0))
    assert windows[OUTPUT].remaining == 0


def test_an_anthropic_spend_cap_is_never_retried() -> None:
    body = {
        "type": "error",
        "error": {"type": "rate_limit_error", "details": {"error_code": "enforced_spend_limit_reached"}},
    }
    told = find_meter("anthropic").feedback(429, {}, body, 0.0)
    assert (told.kind, told.terminal, told.retry_after_s) == ("rate", "spend cap", None)
    assert find_meter("anthropic").feedback(529, {}, None, 0.0).kind == "overloaded"


def test_gemini_says_all_in_its_body() -> None:
    def body(quota: str) -> str:
        return json.dumps([{"error": {"code": 429, "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
                {"quotaMetric": "input_token_count", "quotaId": quota, "quotaValue": "250000"}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22s"}]}}])  # fmt: skip

    told = find_meter("gemini").feedback(429, {}, body("InputTokensPerModelPerMinute"), 0.0)
    assert (told.retry_after_s, told.terminal) == (22.0, None)
    assert [(w.dimension, w.limit) for w in told.windows] == [(INPUT, 250_000)]
    assert find_meter("gemini").feedback(429, {}, body("RequestsPerDayPerProject"), 0.0).terminal == "daily quota"


def test_bedrock_throttling_is_a_rate_also_as_400() -> None:
    told = find_meter("bedrock_runtime").feedback(400, {"x-amzn-ErrorType": "ThrottlingException:"}, "{}", 0.0)
    assert told.kind == "rate"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("12ms", 0.012), ("1h2m3s", 3_723.0), ("7", 7.0), ("1.5s", 1.5), ("soon", None), ("-1", None), ("1x2s", None)],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    assert duration_s(text) == (pytest.approx(seconds) if seconds is not None else None)


def test_retry_after_as_a_date_and_instants_without_a_zone() -> None:
    assert retry_after_s({"retry-after": "Thu, 01 Jan 1970 00:00:30 GMT"}, 10.0) == 20.0
    assert until_s("1970-01-01T00:01:00", 0.0) == 60.0
    assert until_s("yesterday", 0.0) is None


TEXT = st.text(max_size=30)
VALUE = st.recursive(st.none() | st.booleans() | st.floats() | TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8)  # fmt: skip
NAMES = st.sampled_from([
    "retry-after", "retry-after-ms", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset", "x-should-retry",
])  # fmt: skip


@pytest.mark.parametrize("meter", METERS.values(), ids=METERS)
@given(st.dictionaries(NAMES | TEXT, TEXT, max_size=6), st.one_of(VALUE, st.binary(max_size=40), st.builds(json.dumps, VALUE)), st.sampled_from([200, 400, 429, 500, 503, 529, None]))  # fmt: skip
def test_nothing_that_a_server_sends_raises(meter: Any, headers: dict[str, str], body: Any, status: int | None) -> None:
    told = meter.feedback(status, headers, body, 0.0)
    assert all(w.remaining is None or w.remaining >= 0 for w in told.windows)
    assert told.retry_after_s is None or told.retry_after_s >= 0
