"""`GET limits` over HTTP: the ledger's numbers add up, and nobody sees another project's."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.control.admit import Admission
from quarterdeck.control.gateway.limits import LimitsNow
from quarterdeck.control.gateway.stops import Stops


@pytest.fixture
def limited(deck: Any) -> Any:
    """A client of a server whose gateway has one call out and one that waits."""
    admission = Admission(
        {
            "claude-*": {
                "meter": "anthropic",
                "limits": {"requests": 600, "input": 6_000, "output": 6_000, "concurrency": 1},
            }
        },
        clock=deck.clock,
        pump_thread=False,
    )
    stops = Stops("default", deck.clock.now_ns)
    assert stops.stop("default", (("agent", "loops"),), "runaway", deck.clock.now_ns() + 10**9)
    out = admission.admit(model="claude-x", tokens_input=100, max_tokens=50, tenant="acme").wait()
    waits = admission.admit(model="claude-x", tokens_input=10, max_tokens=50, tenant="globex")
    account = admission._find("claude-x")
    account.ask(waits._candidates[0].ask)
    yield deck.client(limits=lambda: LimitsNow("default", tuple(admission.status()), tuple(stops.now()), stops.refused))
    out.settle(None)


def test_every_dimension_adds_up_and_says_its_unit(limited: Any) -> None:
    answer = limited.get("/api/v1/limits")
    assert answer.status_code == 200
    (account,) = answer.json()["items"]
    by_name = {one["dimension"]: one for one in account["dimensions"]}
    assert set(by_name) == {"requests", "input", "output", "concurrency"}
    for one in by_name.values():
        assert one["capacity"] == pytest.approx(one["used"] + one["reserved"] + one["remaining"])
        assert one["unit"]
    assert by_name["input"]["reserved"] == 100
    assert by_name["concurrency"]["remaining"] == 0


def test_who_waits_is_told_with_tenant_and_lane(limited: Any) -> None:
    (account,) = limited.get("/api/v1/limits").json()["items"]
    waiting = [lane for lane in account["lanes"] if lane["calls"]]
    assert [(lane["calls"], lane["tenants"]) for lane in waiting] == [(1, [{"tenant": "globex", "calls": 1}])]
    assert account["in_flight"] == 1
    assert account["retries"] == {"first_attempts": 1, "retries": 0, "denied": 0, "share": 0, "budget_left": 3.1}


def test_a_stopped_cohort_is_told(limited: Any) -> None:
    (stop,) = limited.get("/api/v1/limits").json()["stops"]
    assert (stop["where"], stop["reason"]) == ({"agent": "loops"}, "runaway")


def test_another_project_sees_nothing(limited: Any) -> None:
    answer = limited.get("/api/v1/limits", params={"project": "other"}).json()
    assert (answer["items"], answer["stops"]) == ([], [])


def test_without_a_gateway_there_are_no_limits(client: Any) -> None:
    answer = client.get("/api/v1/limits")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "--gateway-port" in answer.json()["mend"]
