"""`quarterdeck alerts probe` against a running API: by a target of the settings, by a command and a function of one's own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from quarterdeck.api.app import create_api
from quarterdeck.clock import SystemClock
from quarterdeck.model.probes import ProbeCase
from quarterdeck.probes.desk import ProbeDesk
from quarterdeck.probes.gauges import ProbeGauges
from quarterdeck.probes.kept import KeptProbes
from quarterdeck.probes.options import ProbeOptions
from quarterdeck.store.memory.documents import MemoryDocumentStore

from .conftest import _ALERT, _Server, services


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


TARGETS = [
    {
        "name": "worse",
        "candidate": {"kind": "command", "argv": python("raise SystemExit(1)")},
        "baseline": {"kind": "command", "argv": python("print(input())")},
    },
    {
        "name": "lost",
        "candidate": {"kind": "command", "argv": ["/nowhere"]},
        "baseline": {"kind": "command", "argv": ["/nowhere"]},
    },
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an API with probes."""
    desk = ProbeDesk(
        KeptProbes(MemoryDocumentStore(), "here"),
        ProbeOptions.model_validate({"targets": TARGETS}),
        lambda _project, _run: ProbeCase("Where is my order?"),
        clock=SystemClock(), gauges=ProbeGauges(CollectorRegistry()), log=structlog.get_logger(),
    )  # fmt: skip
    desk.start()
    given = replace(services(tmp_path_factory.mktemp("probes")), probes=desk)
    server = _Server(uvicorn.Config(create_api(given), host="127.0.0.1", port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.settled.wait(180)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
    desk.stop(60)


@pytest.fixture
def probe(quarterdeck: Callable[..., Any], url: str) -> Callable[..., Any]:
    return lambda *words: quarterdeck("alerts", "probe", _ALERT.alert_id, "--by", "ann", "--url", url, *words)


def test_the_server_runs_a_target_and_the_command_waits(probe: Callable[..., Any]) -> None:
    found = probe("--target", "worse", "--json")
    assert (found.code, found.document["verdict"], found.document["pairs"]) == (1, "regression", 7)
    assert "the candidate failed" in found.err or "no pair has been run" in found.err


def test_a_command_of_ones_own_runs_here_on_the_input_of_the_run(probe: Callable[..., Any], tmp_path: Path) -> None:
    log = tmp_path / "log"
    agent = tmp_path / "agent.py"
    agent.write_text(
        f"import sys\nopen({str(log)!r}, 'a').write(sys.stdin.read() + '|')\nsys.exit(sys.argv[1] == 'v7')"
    )
    found = probe("--command", f"{sys.executable} {agent} v7", "--baseline-command", f"{sys.executable} {agent} v6")
    assert found.code == 1
    assert "the candidate failed 7 of 7 times, the baseline 0 of 7: a regression" in found.out
    assert "pair 6: candidate failed, baseline fine" in found.err
    assert log.read_text() == "Where is my order?|" * 14


def test_functions_with_a_check_and_an_input(
    probe: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "probed_agent.py").write_text("def answer(text):\n    return text.upper()\n")
    (tmp_path / "question.txt").write_text("sent?")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    both = ("--function", "probed_agent:answer", "--baseline-function", "probed_agent:answer")
    found = probe(*both, "--input", "question.txt", "--check", '{"kind": "contains", "text": "SENT"}', "--json")
    assert (found.code, found.document["verdict"], found.document["run_id"]) == (0, "wobble", None)
    few = probe(*both, "--input", "question.txt", "--pairs", "2", "--json")
    assert (few.code, few.document["verdict"]) == (2, "undecided")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "expected --target"),
        (("--command", "a"), "expected --target"),
        (("--target", "a", "--command", "a", "--baseline-command", "b"), "expected --target"),
        (("--target", "nothing"), "the settings name worse, lost"),
        (("--target", "lost"), "/nowhere cannot be started"),
        (("--target", "worse", "--check", "{"), "--check is no JSON"),
        (("--target", "worse", "--check", "[]"), "expected a JSON object"),
        (("--target", "worse", "--input", "/nowhere"), "cannot be read as text"),
        (("--command", "'", "--baseline-command", "b"), "cannot be split"),
        (("--function", "json", "--baseline-function", "json"), "expected module:function"),
    ],
)
def test_what_cannot_be_probed(probe: Callable[..., Any], words: tuple[str, ...], says: str) -> None:
    found = probe(*words)
    assert found.code == 3
    assert says in found.err
