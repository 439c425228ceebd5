"""Bills of any header against stored calls: exact, by period, and honest about what cannot be compared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quarterdeck.errors import BadFile
from quarterdeck.observe.doctor.bill_file import read_bill
from quarterdeck.observe.doctor.billing import billing_findings, reconcile
from quarterdeck.store.calls import HOUR_NS, HourCalls

T0 = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 10**9
LATER = T0 + 1000 * HOUR_NS


def seen(hour, calls, model="gpt-4o-2024-08-06", tokens=None, failed=0):
    known = calls if tokens is not None else 0
    return HourCalls(T0 + hour * HOUR_NS, model, calls, failed, known, tokens or 0, 0)


def bill(*rows, header="hour,model,requests"):
    return read_bill("\n".join([header, *rows]), "calls.csv")


def hourly(*counts):
    return bill(*(f"2026-03-01T{hour:02}:00:00Z,gpt-4o,{n}" for hour, n in enumerate(counts)))


def compared(found, calls, *, now=LATER, first=T0, ids=0):
    return reconcile(found, calls, now_ns=now, first_span_ns=first, known_ids=ids)


@pytest.mark.parametrize(
    ("text", "requests", "tokens"),
    [
        ("start_time_iso,model,num_model_requests,input_tokens,output_tokens\n2026-03-01T00:00:00Z,gpt-4o,3,10,1", 3, 11),
        ("Timestamp;Model Name;n_requests;Prompt Tokens;completion-tokens\n2026-03-01 00:10:00 UTC;openai/gpt-4o;3;10;1", 3, 11),
        (f"time\tmodel\tcalls\n{T0 // 10**9}\tgpt-4o-2024-08-06\t1,200", 1200, None),
        (f"created,model,id,input_tokens,output_tokens\n{T0 // 10**6},gpt-4o,a,5,\n{T0 // 10**6},gpt-4o,b,5,2", 2, None),
        ("\ufeffusage_time,model,usage_input_tokens_no_cache,usage_input_tokens_cache_read,usage_input_tokens_cache_write_5m,output_tokens\n"
         "2026-03-01T00:00:00+00:00,gpt-4o,1,20,300,4", 1, 325),
    ],
)  # fmt: skip
def test_exports_of_any_provider_give_the_same_rows(text, requests, tokens):
    found = read_bill(text, "calls.csv")
    (period,) = found.periods
    assert (period.at_ns, period.model, period.requests, found.width) == (T0, "gpt-4o", requests, "hour")
    assert (None if period.tokens_output is None else period.tokens_input + period.tokens_output) == tokens


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("model,requests\nm,1", "calls.csv:1: no column for the time: found model, requests"),
        ("hour,requests\n2026-03-01,1", "no column for the model"),
        ("hour,model\n", "no row"),
        ("hour,model\nyesterday,m", "calls.csv:2: time: found 'yesterday'"),
        ("hour,model,requests\n2026-03-01T00:00:00Z,m,many", "calls.csv:2"),
        ("hour,model,requests\n2026-03-01T00:00:00Z,m,-4", "calls.csv:2"),
        ("hour,model,requests\n2026-03-01T00:00:00Z,,4", "calls.csv:2"),
    ],
)
def test_what_is_no_bill_is_refused_with_the_line(text, told):
    with pytest.raises(BadFile) as caught:
        read_bill(text, "calls.csv")
    assert told in str(caught.value)
    assert caught.value.mend


def test_equal_counts_agree():
    result = compared(hourly(100, 50), [seen(0, 100), seen(1, 50)])
    assert (result.billed, result.stored, result.gap, billing_findings(result)) == (150, 150, 0.0, [])


@pytest.mark.parametrize(("stored", "is_gap"), [(100, False), (99, False), (98, True), (0, True)])
def test_a_gap_over_one_per_cent_is_an_error_with_its_hours(stored, is_gap):
    found = billing_findings(compared(hourly(100, 100), [seen(0, 100), seen(1, stored)]))
    assert [finding.code for finding in found] == (["billing_gap"] if is_gap else [])
    if is_gap:
        assert found[0].severity == "error"
        (hour,) = found[0].evidence["hours"]
        assert (hour["at"], hour["billed"], hour["stored"]) == ("2026-03-01T01:00:00Z", 100, stored)


def test_a_call_that_is_billed_in_the_next_hour_is_not_lost():
    result = compared(hourly(90, 110, 100), [seen(0, 100), seen(1, 100), seen(2, 100)])
    assert billing_findings(result) == []
    result = compared(hourly(110, 90, 100), [seen(0, 100), seen(1, 90), seen(2, 100)])
    assert [p.at_ns for p in result.short] == [T0]


def test_more_stored_than_billed_is_told_apart():
    (finding,) = billing_findings(compared(hourly(100, 100, 100), [seen(0, 100), seen(1, 150), seen(2, 100)]))
    assert (finding.code, finding.severity) == ("billing_excess", "warning")


def test_periods_that_are_not_over_or_began_too_early_are_shown_and_not_judged():
    result = compared(hourly(100, 100, 100), [seen(1, 100)], now=T0 + 2 * HOUR_NS + 1, first=T0 + 1)
    assert [(p.state, p.stored) for p in result.periods] == [("before_first_span", 0), ("judged", 100), ("not_over", 0)]
    assert billing_findings(result) == []
    assert (result.billed, result.stored) == (100, 100)


def test_the_cut_ends_of_a_bill_are_not_judged():
    result = compared(hourly(40, 100, 60), [seen(0, 100), seen(1, 100), seen(2, 100)])
    assert [p.state for p in result.periods] == ["bill_cut", "judged", "bill_cut"]


def test_without_any_span_everything_is_missing():
    result = compared(hourly(10), [], first=None)
    assert (result.gap, billing_findings(result)[0].code) == (1.0, "billing_gap")


def test_days_are_compared_as_days():
    found = bill("2026-03-01,gpt-4o,30", "2026-03-02,gpt-4o,10")
    result = compared(found, [seen(1, 10), seen(23, 20), seen(30, 10)])
    assert (found.width, [p.stored for p in result.periods], result.short) == ("day", [30, 10], [])


def test_other_models_are_other_bills():
    result = compared(hourly(10), [seen(0, 10), seen(0, 99, "claude-haiku-4-5"), seen(0, 5, None)])
    assert (result.stored, len(result.periods)) == (10, 1)


def test_tokens_are_compared_only_when_all_are_known():
    header = "hour,model,requests,input_tokens,output_tokens"
    full = bill("2026-03-01T00:00:00Z,gpt-4o,10,1000,0", header=header)
    (finding,) = billing_findings(compared(full, [seen(0, 10, tokens=900)]))
    assert (finding.code, finding.evidence["stored_tokens"]) == ("billing_tokens", 900)
    assert billing_findings(compared(full, [seen(0, 10)])) == []
    half = bill("2026-03-01T00:00:00Z,gpt-4o,10,,", header=header)
    assert compared(half, [seen(0, 10, tokens=900)]).billed_tokens is None


def test_no_bill_no_finding():
    assert billing_findings(None) == []
