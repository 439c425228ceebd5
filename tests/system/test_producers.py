"""Unmodified producers against a provider with a bill: what the runs say is what was billed.

Every script asks two questions, the second one as a stream. Connected by environment variables alone, as
docs/how-to/connect.md says. The producers live in environments of their own (make producers).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.testing import BilledCall, Call, Scenario, SimulatedProvider, Turn

from .server import Server

pytestmark = [pytest.mark.system, pytest.mark.producers, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv-producers"
SCRIPTS = ROOT / "tests" / "producers"
SERVED_BY = {"gpt-4o-mini": "gpt-4o-mini-2024-07-18"}
SESSION = "conversation-7"


@dataclass(frozen=True)
class Case:
    """A script under an instrumentation, and what the producer is able to say.

    `models` and `reasoning` are of the two runs: some streams do not say which model answered, or what it thought.
    `session` and `reasoning` are False where the producer does not report them; then the run must not know them either.
    """

    environment: str
    script: str
    dialects: tuple[str, ...]
    protocol: str = "http/protobuf"
    disabled: str = ""
    asks: str = "question"
    models: tuple[str, str] = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18")
    session: bool = True
    reasoning: tuple[bool, bool] = (True, True)
    nested: bool = True
    retries: int = 0
    flags: frozenset[str] = frozenset()
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.script}-{self.environment}{'-without-' + self.disabled if self.disabled else ''}"


ASKED = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini")
CLAUDE = ("claude-haiku-4-5", "claude-haiku-4-5")
OWN = "otel_legacy"
"""The dialect of the spans that a script makes itself, with the OpenTelemetry API."""

CASES = [
    Case("openinference", "pydantic_ai_agent", ("pydantic_ai",), retries=1, flags=frozenset({"session_conflict"})),
    Case("openinference", "openai_agents_agent", ("openinference",), "grpc", asks="input", session=False),
    Case("openinference", "langgraph_agent", ("openinference",), models=ASKED),
    Case("openllmetry", "langgraph_agent", ("openllmetry",), models=ASKED, reasoning=(False, False)),
    Case("openllmetry", "openai_agents_agent", ("openllmetry",), "grpc", disabled="openai", asks="input", session=False),
    Case("openllmetry", "openai_loop", ("openllmetry", OWN), nested=False, reasoning=(True, False)),
    Case(
        "openllmetry", "anthropic_loop", ("openllmetry", "claude_sdk", OWN), retries=1, models=CLAUDE, reasoning=(False, False),
        nested=False, flags=frozenset({"duplicate_usage"}),
    ),
    Case("genai", "langgraph_agent", ("otel_current",), disabled="openai"),
    Case("genai", "openai_agents_agent", ("otel_current",), "grpc", asks="input"),
    Case("genai", "openai_loop", ("otel_current", OWN), nested=False),
    Case(
        "genai", "anthropic_loop", ("otel_current", "claude_sdk", OWN), retries=1, models=CLAUDE, reasoning=(False, False), nested=False,
        flags=frozenset({"duplicate_usage"}),
    ),
    Case(
        "genai", "anthropic_loop", ("claude_sdk", OWN), retries=1, disabled="anthropic", models=CLAUDE, reasoning=(False, False),
        nested=False,
    ),
]  # fmt: skip

TWICE_INSTRUMENTED = Case(
    "openllmetry",
    "openai_agents_agent",
    ("openllmetry",),
    asks="input",
    session=False,
    flags=frozenset({"duplicate_usage"}),
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("producers") / "data") as running:
        yield running


def scenarios(case: Case) -> list[Scenario]:
    """What the provider answers: two tools at once, one that fails, one that is another agent; one refusal at first."""
    look = tuple(Call("lookup_order", {"order": order}) for order in ("o-1", "o-2"))
    ask = Call("ask_policy", {case.asks: "May a voucher be paid out?"})
    support = (
        Turn(calls=look),
        Turn(calls=(Call("refund", {"order": "o-1"}),), reasoning_tokens=64, refusals=1, retry_after_s=0.01),
        Turn(calls=(ask,)),
        Turn("Your voucher is renewed.", reasoning_tokens=32),
    )
    policy = (Turn(calls=(Call("search_handbook", {"words": "voucher"}),)), Turn("Vouchers are renewed."))
    return [Scenario(support, when="support desk"), Scenario(policy, when="policy room")]


def variables(case: Case, server: Server, provider: str, environment: str, batch: int | None) -> dict[str, str]:
    """The environment variables of docs/how-to/connect.md, and those of the provider's clients."""
    found = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.otlp_http if case.protocol != "grpc" else f"http://{server.otlp_grpc}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": case.protocol,
        "OTEL_SERVICE_NAME": "support-service",
        "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={environment},service.version=1.4.2",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OPENAI_BASE_URL": f"{provider}/v1",
        "OPENAI_API_KEY": "none",
        "ANTHROPIC_BASE_URL": provider,
        "ANTHROPIC_API_KEY": "none",
    }
    if case.disabled:
        found["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = case.disabled
    found.update(case.settings)
    if batch is not None:
        found["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = str(batch)
    return found


def play(case: Case, server: Server, home: Path, batch: int | None) -> tuple[list[dict[str, Any]], list[BilledCall]]:
    """Run the script to its end: (its runs by start, the bill)."""
    programs = ENVIRONMENTS / case.environment / "bin"
    if not (programs / "opentelemetry-instrument").exists():
        pytest.skip(f"the producers' environment {programs.parent} is absent (make producers)")
    environment = f"{case.name}-{batch}"
    provider = SimulatedProvider(scenarios(case), aliases=SERVED_BY)
    with provider as address:
        done = subprocess.run(
            [programs / "opentelemetry-instrument", programs / "python", SCRIPTS / f"{case.script}.py"],
            env={
                "PATH": f"{programs}:/usr/bin:/bin",
                "HOME": str(home),
                **variables(case, server, address, environment, batch),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    server.settled()
    runs = server.all("runs", environment=environment)
    return sorted(runs, key=lambda run: str(run["started_at"])), provider.bill


def billed(bill: Sequence[BilledCall], reasoning: bool) -> dict[str, Any]:
    """What the run's tokens have to be. What was never billed or never reported must not be known as a number above 0."""
    sums = {
        name: sum(getattr(call, name) for call in bill) for name in ("input", "output", "cache_read", "cache_write")
    }
    counted = sum(call.reasoning for call in bill)
    return {
        **sums,
        "cache_write": sums["cache_write"] or None,
        "reasoning": counted if reasoning else None,
        "total": sums["input"] + sums["output"],
        "coverage": "full",
    }


def check(case: Case, run: Mapping[str, Any], bill: Sequence[BilledCall], number: int) -> None:
    """One run against its part of the bill, all at once so that a failure shows everything."""
    model = case.models[number]
    tools = {"lookup_order": 2, "refund": 1, "ask_policy": 1, **({"search_handbook": 1} if case.nested else {})}
    expected = {
        "agent": "support",
        "agent_version": "1.4.2",
        "model": model,
        "models": {model: len(bill)},
        "provider": "anthropic" if model.startswith("claude") else "openai",
        "session_id": SESSION if case.session else None,
        "lifecycle": "finished",
        "status": "ok",
        "model_calls": len(bill),
        "tools": tools,
        "tool_calls": sum(tools.values()),
        "errors": 1,
        "retries": case.retries,
        "tokens": billed(bill, case.reasoning[number]),
        "residual_tokens": 0,
        "orphans": {"repaired": 0, "missing": 0},
        "dialects": sorted(case.dialects),
        "root_synthetic": False,
        "flags": sorted(case.flags),
    }
    assert {name: run[name] for name in expected} == expected
    assert run["cost_usd"]["computed"] > 0


def check_both(case: Case, runs: Sequence[Mapping[str, Any]], bill: Sequence[BilledCall]) -> None:
    """One run per question; the bill lists the calls of the first question before those of the second."""
    assert len(runs) == 2, [run["root_name"] for run in runs]
    calls = 6 if case.nested else 4
    assert len(bill) == 2 * calls
    assert any(call.cache_read for call in bill)
    assert any(call.stream for call in bill[calls:])
    check(case, runs[0], bill[:calls], 0)
    check(case, runs[1], bill[calls:], 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_runs_say_what_was_billed(case: Case, server: Server, tmp_path: Path) -> None:
    check_both(case, *play(case, server, tmp_path, batch=None))


@pytest.mark.parametrize("case", [CASES[at] for at in (0, 1, 2, 3, 8)], ids=lambda case: case.name)
def test_spans_that_come_one_by_one_give_the_same_runs(case: Case, server: Server, tmp_path: Path) -> None:
    check_both(case, *play(case, server, tmp_path, batch=1))


def test_a_framework_and_its_client_instrumented_together_are_counted_once(server: Server, tmp_path: Path) -> None:
    """OpenLLMetry reports most calls of the Agents SDK twice when its package for OpenAI is there too."""
    runs, bill = play(TWICE_INSTRUMENTED, server, tmp_path, batch=512)
    check_both(TWICE_INSTRUMENTED, runs, bill)


def test_keys_that_nobody_knows_are_told_and_not_summed(server: Server, tmp_path: Path) -> None:
    case = CASES[9]
    runs, bill = play(case, server, tmp_path, batch=64)
    check_both(case, runs, bill)
    told = {row["key"]: row["count"] for row in server.all("unmapped") if row["scope_name"] == "support-desk"}
    assert told["gen_ai.usage.invented_tokens"] >= 2


EVENTS = (
    ("OTEL_LOGS_EXPORTER", "otlp"),
    ("OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT", "true"),
    ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "event_only"),
)


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_messages_that_come_as_logs_stand_in_their_span_s_conversation(
    server: Server, tmp_path: Path, protocol: str
) -> None:
    """OpenTelemetry's own package for OpenAI writes messages as log events, beside spans that have none."""
    case = replace(CASES[9], protocol=protocol, settings=EVENTS)
    runs, bill = play(case, server, tmp_path, batch=96 if protocol == "grpc" else 128)
    check_both(case, runs, bill)
    calls = [span for span in server.all(f"runs/{runs[0]['run_id']}/spans") if span["op_kind"] == "llm"]
    assert len(calls) == 4
    for number, call in enumerate(calls):
        detail = server.get(f"runs/{runs[0]['run_id']}/spans/{call['span_id']}")
        assert not any(pair.startswith("gen_ai.input.messages") for pair in detail["raw"]["attributes"])
        said = detail["messages"]
        assert said["content_state"] == "present"
        assert len(said["output"]) == 1
        asked = [part["content"] for message in said["input"] for part in message["parts"] if part["type"] == "text"]
        assert any("did not come" in text for text in asked), number
