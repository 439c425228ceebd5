"""`GET doctor` and `POST billing`: looked at anew, bounded, by project; and runs that lead to other runs."""

from __future__ import annotations

import pytest

from quarterdeck.app.bills import BillFolder
from quarterdeck.model.raw import RawLink, Scope

API = "/api/v1"
DAY = "2026-11-24"


def codes(body):
    return {finding["code"]: finding for finding in body["findings"]}


def doubled(raw, trace):
    """One agent whose two calls are told by two scopes."""
    fields = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 5}
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}
    outer, inner = (Scope(f"opentelemetry.instrumentation.{name}", "1", {}, "") for name in ("langchain", "openai.v1"))
    found = [raw(trace, 1, attributes=agent, scope=outer, end_ns=raw(trace, 9).end_ns)]
    for call in (2, 3):
        start = raw(trace, call).start_ns
        found.append(raw(trace, call, 1, attributes=fields, scope=outer, start_ns=start, end_ns=start + 1000))
        found.append(
            raw(trace, call + 10, call, attributes=fields, scope=inner, start_ns=start + 10, end_ns=start + 900)
        )
    return found


def test_the_doctor_names_two_scopes_that_report_one_call(deck, client, raw) -> None:
    deck.take(doubled(raw, 1))
    body = client.get(f"{API}/doctor").json()
    finding = codes(body)["duplicate_instrumentation"]
    assert finding["evidence"]["scopes"] == [
        "opentelemetry.instrumentation.langchain",
        "opentelemetry.instrumentation.openai.v1",
    ]
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=openai," in finding["mend"]
    assert body["examined"] == {"runs": 1, "spans": 5, "hours": 24}


def test_health_shows_a_look_of_a_minute_and_the_doctor_looks_anew(deck, client, raw) -> None:
    assert "duplicate_instrumentation" not in codes(client.get(f"{API}/health").json())
    deck.take(doubled(raw, 1))
    assert "duplicate_instrumentation" not in codes(client.get(f"{API}/health").json())
    assert "duplicate_instrumentation" in codes(client.get(f"{API}/doctor").json())
    assert "duplicate_instrumentation" in codes(client.get(f"{API}/health").json())


def test_a_project_is_told_of_itself_only(deck, client, raw) -> None:
    deck.take(doubled(raw, 1))
    body = client.get(f"{API}/doctor", params={"project": "other"}).json()
    assert (body["findings"], body["examined"]["runs"]) == ([], 0)


def bill(client, text, **options):
    return client.request("POST", f"{API}/billing", content=text.encode(), **options)


def test_a_bill_that_is_short_is_a_finding_until_the_next_import(deck, client, trace) -> None:
    """Two calls at 06:50 UTC; at 07:00 the hour is over."""
    deck.take(trace(1))
    deck.take(trace(2))
    deck.clock.advance(3600)
    early = f"hour,model,requests\n{DAY}T06:00:00Z,gpt-4o,40\n"
    body = bill(client, early).json()
    assert [(p["billed"], p["stored"], p["state"]) for p in body["periods"]] == [(40, 2, "before_first_span")]
    by_call = "time,model,response_id\n" + "".join(f"{DAY}T06:59:00Z,gpt-4o,r{n}\n" for n in range(3))
    assert bill(client, by_call).json()["response_ids_stored"] == 0
    assert client.get(f"{API}/health").json()["billing"]["billed"] == 0


def test_a_gap_alarms(deck, client, trace, raw) -> None:
    old = [span._replace(start_ns=span.start_ns - 7200 * 10**9, end_ns=span.end_ns - 7200 * 10**9) for span in trace(7)]
    deck.take(old)
    deck.take(trace(1))
    deck.clock.advance(3600)
    body = bill(client, f"hour,model,requests\n{DAY}T06:00:00Z,gpt-4o,40\n").json()
    assert (body["verdict"], body["billed"], body["stored"], body["short"]) == ("gap", 40, 1, 1)
    health = client.get(f"{API}/health").json()
    finding = codes(health)["billing_gap"]
    assert (finding["severity"], health["status"]) == ("error", "degraded")
    assert finding["evidence"]["hours"][0]["at"] == f"{DAY}T06:00:00Z"
    assert bill(client, f"hour,model,requests\n{DAY}T06:00:00Z,gpt-4o,1\n").json()["verdict"] == "agrees"
    assert "billing_gap" not in codes(client.get(f"{API}/health").json())


def test_the_last_bill_is_compared_again_after_a_restart(deck, client, trace, tmp_path) -> None:
    deck.take(trace(1))
    deck.clock.advance(7200)
    first = deck.client(bills=BillFolder(tmp_path))
    told = bill(first, f"hour,model,requests\n{DAY}T07:00:00Z,gpt-4o,40\n").json()
    again = deck.client(bills=BillFolder(tmp_path))
    health = again.get(f"{API}/health").json()
    assert (health["billing"]["verdict"], health["billing"]["periods"]) == ("gap", told["periods"])
    assert again.get(f"{API}/health", params={"project": "../other"}).json()["billing"] is None
    assert client.get(f"{API}/health").json()["billing"] is None


def test_what_is_no_bill_is_refused(client, problem) -> None:
    problem(bill(client, "hello"), 400, "bad_file")
    problem(client.request("POST", f"{API}/billing", content=b"\xff\xfe\x00"), 400, "bad_file")


def test_a_bill_over_the_limit_is_refused(client, problem, monkeypatch) -> None:
    monkeypatch.setattr("quarterdeck.api.routes.billing.BODY_MAX", 10)
    problem(bill(client, "time,model\n2026-11-24T06:00:00Z,gpt-4o\n"), 413, "too_large")


def test_links_lead_to_the_runs_that_are_stored(deck, client, trace) -> None:
    (target,) = deck.take(trace(1))
    root, *rest = trace(2)
    known = RawLink(f"{1:032x}", f"{1:016x}", "", {"link.type": "handoff"})
    gone = RawLink(f"{9:032x}", f"{1:016x}", "", {})
    (run_id,) = deck.take([root._replace(links=(known, gone)), *rest])
    assert client.get(f"{API}/runs/{run_id}").json()["links"] == [
        {"kind": "handoff", "run_id": target, "trace_id": known.trace_id, "span_id": known.span_id},
        {"kind": "link", "run_id": None, "trace_id": gone.trace_id, "span_id": gone.span_id},
    ]
    assert client.get(f"{API}/runs/{target}").json()["links"] == []


@pytest.mark.parametrize(("late_s", "turns"), [(0, [2]), (60, [1, 1])])
def test_runs_that_overlap_are_one_turn_and_later_ones_the_next(deck, client, trace, late_s, turns) -> None:
    deck.take(trace(1))
    shift = late_s * 10**9
    deck.take([span._replace(start_ns=span.start_ns + shift, end_ns=span.end_ns + shift) for span in trace(2)])
    body = client.get(f"{API}/sessions/s1").json()
    assert [len(turn["run_ids"]) for turn in body["turns"]] == turns
    assert [turn["turn"] for turn in body["turns"]] == list(range(1, len(turns) + 1))
