"""Set-ups that are broken on purpose: the doctor of a real server names the fault and the setting that mends it.

Unmodified instrumentations by OpenTelemetry and OpenLLMetry, connected by environment variables alone; each fault has its
healthy twin, which differs in the very setting that the mend names.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from quarterdeck.testing import BilledCall, Call, Scenario, SimulatedProvider, Turn

from .server import Server, command

pytestmark = [pytest.mark.system, pytest.mark.producers, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests" / "producers"
FAULTS = {"head_sampling", "duplicate_instrumentation", "lost_context"}
SERVED_BY = {"gpt-4o-mini": "gpt-4o-mini-2024-07-18"}
LOOK = tuple(Call("lookup_order", {"order": order}) for order in ("o-1", "o-2"))
ASK = Call("ask_policy", {"input": "May a voucher be paid out?"})
SCENARIOS = [
    Scenario((Turn(calls=LOOK), Turn(calls=(ASK,)), Turn("Your voucher is renewed.")), when="support desk"),
    Scenario((Turn(calls=(Call("search_handbook", {"words": "voucher"}),)), Turn("Renewed.")), when="policy room"),
]
"""Two tools at once, then another agent. The loop takes the first answer and asks no further."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as running:
        yield running


def play(server: Server, home: Path, environment: str, script: str, **settings: str) -> Sequence[BilledCall]:
    """Run a script to its end; answers the bill."""
    programs = ROOT / ".venv-producers" / environment / "bin"
    if not (programs / "opentelemetry-instrument").exists():
        pytest.skip(f"the producers' environment {programs.parent} is absent (make producers)")
    provider = SimulatedProvider(SCENARIOS, aliases=SERVED_BY)
    with provider as address:
        done = subprocess.run(
            [programs / "opentelemetry-instrument", programs / "python", SCRIPTS / f"{script}.py"],
            env={
                "PATH": f"{programs}:/usr/bin:/bin",
                "HOME": str(home),
                "OTEL_EXPORTER_OTLP_ENDPOINT": server.otlp_http,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_SERVICE_NAME": "support-service",
                "OPENAI_BASE_URL": f"{address}/v1",
                "OPENAI_API_KEY": "none",
                **settings,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    server.settled()
    return provider.bill


def doctor(server: Server, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """(exit code, findings by code) of the command."""
    done = command("doctor", server.api, "--json", *words)
    return done.returncode, {finding["code"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_head_sampling_is_named_with_how_much_never_came(server: Server, tmp_path: Path) -> None:
    play(
        server, tmp_path, "genai", "pooled_loop", DESK_QUESTIONS="300", DESK_POOL="carried",
        OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0.1",
    )  # fmt: skip
    code, found = doctor(server)
    assert code == 1
    assert set(found) & FAULTS == {"head_sampling"}
    finding = found["head_sampling"]
    low, high = finding["evidence"]["interval"]
    assert finding["severity"] == "error"
    assert low < 0.1 <= high + 0.01
    assert finding["evidence"]["traces"] == len(server.all("runs"))
    assert 150 < finding["evidence"]["traces_sent"] < 450
    assert "OTEL_TRACES_SAMPLER=parentbased_always_on" in finding["mend"]


def test_double_instrumentation_is_named_with_both_scopes_and_mended_by_what_it_says(
    server: Server, tmp_path: Path
) -> None:
    """OpenLLMetry reports most calls of the Agents SDK twice when its package for OpenAI is there too."""
    play(server, tmp_path, "openllmetry", "openai_agents_agent")
    _, found = doctor(server)
    assert set(found) & FAULTS == {"duplicate_instrumentation"}
    finding = found["duplicate_instrumentation"]
    assert finding["evidence"]["scopes"] == [
        "opentelemetry.instrumentation.openai_agents",
        "opentelemetry.instrumentation.openai.v1",
    ]
    assert finding["evidence"]["calls_reported_twice"] >= 4
    setting = next(
        word for word in finding["mend"].split() if word.startswith("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=")
    )
    name, _, value = setting.rstrip(",").partition("=")
    with Server(tmp_path / "mended") as mended:
        play(mended, tmp_path, "openllmetry", "openai_agents_agent", **{name: value})
        _, left = doctor(mended)
        assert not set(left) & FAULTS
        assert sum(run["model_calls"] for run in mended.all("runs")) == sum(
            run["model_calls"] for run in server.all("runs")
        )


def test_lost_context_is_named_and_a_carried_one_is_not(server: Server, tmp_path: Path) -> None:
    play(server, tmp_path, "genai", "pooled_loop", DESK_QUESTIONS="20", DESK_POOL="bare")
    code, found = doctor(server)
    assert code == 1
    assert set(found) & FAULTS == {"lost_context"}
    finding = found["lost_context"]
    assert (finding["evidence"]["calls_alone"], finding["evidence"]["calls"]) == (40, 40)
    assert "opentelemetry-instrumentation-threading" in finding["mend"]
    assert "contextvars.copy_context().run" in finding["mend"]
    with Server(tmp_path / "mended") as mended:
        play(mended, tmp_path, "genai", "pooled_loop", DESK_QUESTIONS="20", DESK_POOL="carried")
        code, left = doctor(mended)
        assert (code, set(left) & FAULTS) == (0, set())


def bill_file(bill: Sequence[BilledCall], path: Path, more: int = 0) -> Path:
    """The provider's export of this hour: calls and tokens by model, and `more` calls that nobody reported."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    count = Counter(call.model for call in bill)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["start_time_iso", "model", "num_model_requests", "input_tokens", "output_tokens"])
    for model, calls in count.items():
        mine = [call for call in bill if call.model == model]
        tokens = [sum(call.input for call in mine), sum(call.output for call in mine)]
        rows.writerow([hour.isoformat(), model, calls + more, *tokens])
    path.write_text(text.getvalue())
    return path


def test_a_bill_of_this_hour_is_shown_and_not_judged_before_it_is_over(server: Server, tmp_path: Path) -> None:
    bill = play(server, tmp_path, "genai", "pooled_loop", DESK_QUESTIONS="5", DESK_POOL="carried")
    path = bill_file(bill, tmp_path / "calls.csv", more=90)
    code, found = doctor(server, "--billing", str(path))
    assert (code, "billing_gap" in found) == (0, False)
    (period,) = server.get("health")["billing"]["periods"]
    assert (period["billed"], period["stored"], period["state"]) == (100, 10, "not_over")
    assert period["stored_tokens"] == sum(call.input + call.output for call in bill)


def test_a_bill_that_is_none_is_refused_with_what_was_expected(server: Server, tmp_path: Path) -> None:
    answer = httpx.post(f"{server.api}/api/v1/billing", content=b"when,what\n1,2\n")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_file")
    assert "time" in answer.json()["detail"]
    path = tmp_path / "calls.csv"
    path.write_text("hour,requests\n2026-01-01T00:00:00Z,3\n")
    done = command("doctor", server.api, "--billing", str(path))
    assert done.returncode == 3
    assert "model" in done.stderr
