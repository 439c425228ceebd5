"""The gateway as a process, between unmodified official SDKs and the simulated provider.

The SDKs live in the environments of the producers (make producers).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from quarterdeck.testing import Call, Scenario, SimulatedProvider, Turn

from .server import QUARTERDECK, Server, command, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-producers/genai/bin/python"
TURNS = [Turn(calls=[Call("lookup", {"order": "7"})]), Turn("Your order is on its way, and will be there on Friday.")]
MESSAGES = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "where is it"}]}


@pytest.fixture
def provider() -> Iterator[tuple[SimulatedProvider, str]]:
    made = SimulatedProvider([Scenario(TURNS)])
    with made as url:
        yield made, url


def behind(url: str) -> dict[str, str]:
    return {"QUARTERDECK_GATEWAY__OPENAI_URL": url, "QUARTERDECK_GATEWAY__ANTHROPIC_URL": url}


@pytest.mark.producers
@pytest.mark.skipif(not PYTHON.exists(), reason="the SDKs are not installed: make producers")
def test_official_sdks_work_unmodified_and_each_call_is_billed_and_counted_once(
    tmp_path: Path, provider: tuple[SimulatedProvider, str]
) -> None:
    simulated, url = provider
    with Server(tmp_path / "data", "--gateway-port", "0", settings=behind(url)) as server:
        done = subprocess.run(
            [str(PYTHON), str(ROOT / "tests/producers/gateway_sdks.py"), server.ready["gateway"]],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        bill = simulated.bill
        assert said["problems"] == []
        assert len(bill) == said["calls"]
        until(
            lambda: sum(run["model_calls"] for run in server.all("runs")) >= len(chats(bill)), "every call to be seen"
        )
        server.settled()
        runs = server.all("runs")
        assert sum(run["tokens"]["total"] for run in runs) == sum(call.total for call in bill)
        assert {run["tenant"] for run in runs} == {"acme"}
        limits = server.get("limits")
        assert sum(account["answers"] for account in limits["items"]) == len(bill)
        assert [account["in_flight"] for account in limits["items"]] == [0, 0]
        told = command("admission", "status", "--url", server.api)
        assert (told.returncode, "in flight" in told.stdout) == (0, True)


def chats(bill: list[Any]) -> list[Any]:
    return [call for call in bill if call.endpoint != "embeddings"]


def test_a_gateway_alone_tells_a_server_of_its_calls(tmp_path: Path, provider: tuple[SimulatedProvider, str]) -> None:
    simulated, url = provider
    with Server(tmp_path / "data") as server:
        process = subprocess.Popen(
            [QUARTERDECK, "gateway", "--port", "0", "--anthropic-url", url, "--to", server.otlp_http],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            assert ready["event"] == "ready"
            headers = {"x-quarterdeck-task": "ticket-7", "x-api-key": "k"}
            for _ in range(3):
                answer = httpx.post(
                    f"{ready['gateway']}/anthropic/v1/messages", json=MESSAGES, headers=headers, timeout=60
                )
                assert answer.status_code == 200
        finally:
            process.terminate()
            assert process.wait(60) == 0
            process.stdout.close()
        until(lambda: [run["model_calls"] for run in server.all("runs")] == [3], "three calls of one run")
        (run,) = server.all("runs")
        assert (run["run_id"], run["tokens"]["total"]) == ("ticket-7", sum(call.total for call in simulated.bill))


def test_beyond_loopback_it_does_not_start_without_keys(tmp_path: Path) -> None:
    refused = command("gateway", "--host", "0.0.0.0", "--port", "0")
    assert (refused.returncode, "tenant_keys_file" in refused.stderr) == (3, True)
    bad = command("gateway", "--port", "0", settings={"QUARTERDECK_ADMISSION__ACCOUNTS": '{"*": {"meter": "nobody"}}'})
    assert (bad.returncode, "admission.accounts" in bad.stderr) == (3, True)
