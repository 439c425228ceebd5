"""The server as a process: how it starts, refuses, answers, stops, dies and comes back."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import zstandard

from .otlp import TOKENS, attributes, chain_requests, export, partial, post, run_request, trace_id
from .server import FREE_PORTS, Server, command, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
SENDERS = 4
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("serve") / "data") as running:
        yield running


def refusal(*words: str) -> str:
    """The one line that a `serve` that must not start says on stderr; it says nothing on stdout and exits with 3."""
    done = command("serve", *words)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


# ---------------------------------------------------------------- starting


def test_stdout_carries_the_ready_line_and_nothing_else(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        ready = json.loads(server.line)
        assert set(ready) == {"event", "api", "otlp_http", "otlp_grpc", "gateway"}
        assert (ready["event"], ready["gateway"]) == ("ready", None)
        for path in ("healthz", "readyz", "metrics"):
            assert httpx.get(f"{server.api}/{path}").status_code == 200
        assert httpx.get(server.otlp_http).json()["service"] == "quarterdeck"
        assert post(server.otlp_http, run_request(1).SerializeToString()).status_code == 200
        assert server.end() == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == b""
    assert "stopped" in server.log.read_text()


@pytest.mark.parametrize("flag", ["--api-port", "--otlp-http-port", "--otlp-grpc-port"])
def test_a_port_that_is_taken_is_named_with_its_holder_and_the_mend(flag: str, tmp_path: Path) -> None:
    ports = [word for word in FREE_PORTS if word != "0" and word != flag]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        free = [word for name in ports for word in (name, "0")]
        said = refusal("--data-dir", str(tmp_path), *free, flag, str(port))
    assert said.startswith("error[port_taken]: ")
    assert f"port {port}" in said
    assert f"(pid {os.getpid()})" in said
    assert "; mend: " in said
    assert flag in said


def test_a_data_folder_in_use_is_named_with_its_holder_and_the_mend(server: Server) -> None:
    said = refusal("--data-dir", str(server.data_dir), *FREE_PORTS)
    assert said.startswith("error[data_dir_in_use]: ")
    assert str(server.data_dir) in said
    assert str(server.process.pid) in said
    assert "--data-dir" in said
    assert httpx.get(f"{server.api}/readyz").status_code == 200


def test_another_address_than_loopback_wants_a_key(tmp_path: Path) -> None:
    said = refusal("--data-dir", str(tmp_path), "--host", "0.0.0.0", *FREE_PORTS)
    assert said.startswith("error[unsafe_bind]: ")
    assert "quarterdeck keys create" in said
    assert str(tmp_path) in said


# ---------------------------------------------------------------- keys


def make_key(data_dir: Path, project: str) -> dict[str, str]:
    done = command("keys", "create", project, "--project", project, "--data-dir", str(data_dir), "--json")
    assert done.returncode == 0, done.stderr
    made: dict[str, str] = json.loads(done.stdout)
    return made


def status(server: Server, path: str, key: str | None, **query: str) -> int:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.get(f"{server.api}/api/v1/{path}", params=query, headers=headers, timeout=30).status_code


def grpc_code(server: Server, key: str | None, trace: int = 9) -> grpc.StatusCode:
    try:
        export(server.otlp_grpc, run_request(trace), key=key)
    except grpc.RpcError as refused:
        code: grpc.StatusCode = refused.code()
        return code
    return grpc.StatusCode.OK


def test_keys_open_their_own_project_through_every_door_until_they_are_revoked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ours, theirs = (make_key(data, name) for name in ("ours", "theirs"))
    with Server(data, "--host", "0.0.0.0", key=ours["secret"]) as server:
        body = run_request(1, agent="by-http").SerializeToString()
        assert post(server.otlp_http, body).status_code == 401
        assert post(server.otlp_http, body, key="qd_wrong").status_code == 401
        assert post(server.otlp_http, body, key=ours["secret"]).status_code == 200
        assert grpc_code(server, None) is grpc.StatusCode.UNAUTHENTICATED
        assert grpc_code(server, "qd_wrong") is grpc.StatusCode.UNAUTHENTICATED
        export(server.otlp_grpc, run_request(2, agent="by-grpc"), key=theirs["secret"])
        assert status(server, "runs", None) == 401
        assert status(server, "runs", "qd_wrong") == 401
        server.settled()
        assert [run["agent"] for run in server.all("runs")] == ["by-http"]
        assert status(server, "runs", ours["secret"], project="theirs") == 403
        (run,) = httpx.get(f"{server.api}/api/v1/runs", headers={"authorization": f"Bearer {theirs['secret']}"}).json()[
            "items"
        ]
        assert (run["agent"], run["project"]) == ("by-grpc", "theirs")
        assert status(server, f"runs/{run['run_id']}", ours["secret"]) == 404
        assert command("keys", "revoke", theirs["key_id"], "--data-dir", str(data)).returncode == 0
        until(lambda: status(server, "runs", theirs["secret"]) == 401, "the revocation to reach the API")
        until(lambda: post(server.otlp_http, body, key=theirs["secret"]).status_code == 401, "it to reach OTLP/HTTP")
        until(lambda: grpc_code(server, theirs["secret"]) is grpc.StatusCode.UNAUTHENTICATED, "it to reach OTLP/gRPC")
        assert status(server, "runs", ours["secret"]) == 200


# ---------------------------------------------------------------- stopping and dying


class Sender(threading.Thread):
    """Sends one trace after the other until the server is gone; remembers which were acknowledged."""

    def __init__(self, otlp_http: str, number: int, enough: threading.Semaphore) -> None:
        super().__init__(daemon=True)
        self._otlp_http = otlp_http
        self._next = (number + 1) << 32
        self._enough = enough
        self.acknowledged: list[int] = []

    def run(self) -> None:
        with httpx.Client(timeout=60) as http:
            while True:
                self._next += 1
                body = run_request(self._next).SerializeToString()
                try:
                    answer = http.post(
                        f"{self._otlp_http}/v1/traces", content=body, headers={"content-type": "application/x-protobuf"}
                    )
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    self.acknowledged.append(self._next)
                    self._enough.release()


def end_under_load(server: Server, signum: int) -> tuple[int, list[int]]:
    """(exit code, acknowledged traces) of a server that gets a signal while it is being sent to."""
    enough = threading.Semaphore(0)
    senders = [Sender(server.otlp_http, number, enough) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for _ in range(25 * SENDERS):
        assert enough.acquire(timeout=60)
    server.process.send_signal(signum)
    # 10 s are promised where the machine has time; other tests run beside this one.
    code = server.process.wait(timeout=60)
    for sender in senders:
        sender.join(60)
        assert not sender.is_alive()
    return code, [trace for sender in senders for trace in sender.acknowledged]


def check_all_there(data_dir: Path, acknowledged: list[int]) -> None:
    """After a restart every acknowledged trace is a whole run, once."""
    with Server(data_dir) as server:
        server.settled()
        runs = server.all("runs")
    traces = [run["trace_ids"][0] for run in runs]
    assert len(traces) == len(set(traces))
    assert {trace_id(trace) for trace in acknowledged} - set(traces) == set()
    assert {(run["spans"], run["model_calls"], run["tokens"]["total"]) for run in runs} == {(4, 3, 3 * sum(TOKENS))}
    assert {run["lifecycle"] for run in runs} == {"finished"}


def test_sigterm_under_load_drains_and_loses_nothing(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        code, acknowledged = end_under_load(server, signal.SIGTERM)
    assert code == 0
    check_all_there(tmp_path / "data", acknowledged)


def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        code, acknowledged = end_under_load(server, signal.SIGKILL)
    assert code == -signal.SIGKILL
    check_all_there(tmp_path / "data", acknowledged)


# ---------------------------------------------------------------- answers of the doors


def half_good(trace: int) -> Any:
    """A request of two runs' worth of spans of which one has no id."""
    request = run_request(trace)
    bad = request.resource_spans[0].scope_spans[0].spans.add()
    bad.CopyFrom(request.resource_spans[0].scope_spans[0].spans[1])
    bad.span_id = b""
    bad.name = "nameless"
    return request


def test_a_span_that_cannot_be_kept_is_told_of_and_the_others_are_kept(server: Server) -> None:
    by_http = partial(post(server.otlp_http, half_good(101).SerializeToString()))
    by_grpc = export(server.otlp_grpc, half_good(102)).partial_success
    for told in (by_http, by_grpc):
        assert told.rejected_spans == 1
        assert "invalid_span_id" in told.error_message
    server.settled()
    for trace in (101, 102):
        (run,) = server.all("runs", q=trace_id(trace))
        assert run["spans"] == 4
        reasons = [row for row in server.all("rejections") if row["trace_id"] == trace_id(trace)]
        assert [(row["reason"], row["span_name"]) for row in reasons] == [("invalid_span_id", "nameless")]


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_compressed_body_is_read(encoding: str, server: Server) -> None:
    trace = 111 if encoding == "gzip" else 112
    body = run_request(trace).SerializeToString()
    packed = gzip.compress(body) if encoding == "gzip" else zstandard.compress(body)
    assert post(server.otlp_http, packed, headers={"content-encoding": encoding}).status_code == 200
    server.settled()
    assert len(server.all("runs", q=trace_id(trace))) == 1


def test_a_body_over_the_limit_is_refused_whole_packed_or_not(server: Server) -> None:
    assert post(server.otlp_http, bytes(21 * MIB)).status_code == 413
    bomb = gzip.compress(bytes(65 * MIB))
    assert len(bomb) < MIB
    answer = post(server.otlp_http, bomb, headers={"content-encoding": "gzip"})
    assert answer.status_code == 413
    assert b"too_large" in answer.content
    large = run_request(121, 2)
    large.resource_spans[0].scope_spans[0].spans[0].attributes.extend(attributes(text="x" * (65 * MIB)))
    with pytest.raises(grpc.RpcError) as refused:
        export(server.otlp_grpc, large)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert post(server.otlp_http, run_request(122).SerializeToString()).status_code == 200


def test_the_other_protocol_on_a_port_is_answered_with_the_mend(server: Server) -> None:
    answer = post(f"http://{server.otlp_grpc}", run_request(131).SerializeToString())
    assert answer.status_code == 400
    assert server.otlp_http in answer.json()["mend"]
    with pytest.raises(grpc.RpcError) as refused:
        export(server.otlp_http.removeprefix("http://"), run_request(132))
    assert server.otlp_grpc in (refused.value.details() or "")


HOSTILE = {
    "noise": (bytes(range(256)) * 64, {}),
    "endless length": (b"\x0a" + b"\xff" * 9 + b"\x01", {}),
    "nested groups": (b"\x0b" * 5_000, {}),
    "no object": (b"[]", {"content-type": "application/json"}),
    "deep arrays": (b"[" * 200_000, {"content-type": "application/json"}),
    "blocks of another kind": (b'{"resourceSpans":{"scopeSpans":[7]}}', {"content-type": "application/json"}),
    "half a gzip": (gzip.compress(bytes(9_999))[:40], {"content-encoding": "gzip"}),
    "not zstd": (b"plain", {"content-encoding": "zstd"}),
    "an unknown encoding": (b"plain", {"content-encoding": "br"}),
    "an unknown type": (b"plain", {"content-type": "text/html"}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_body_is_refused_and_the_server_stays_well(what: str, server: Server) -> None:
    body, headers = HOSTILE[what]
    answer = post(server.otlp_http, body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.content
    assert httpx.get(f"{server.api}/readyz").status_code == 200
    good = 1_000 + list(HOSTILE).index(what)
    assert post(server.otlp_http, run_request(good).SerializeToString()).status_code == 200


def test_a_caller_that_hangs_up_or_says_nothing_is_let_go(server: Server) -> None:
    host, port = server.otlp_http.removeprefix("http://").split(":")
    for said in (
        b"",
        b"POST /v1/traces HTTP/1.1\r\ncontent-length: 1000\r\n\r\nhalf",
        b"\x16\x03\x01\x02\x00",
        b"\0" * 99,
    ):
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            caller.sendall(said)
    grpc_host, grpc_port = server.otlp_grpc.split(":")
    with socket.create_connection((grpc_host, int(grpc_port)), timeout=10) as caller:
        caller.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 99)
    assert export(server.otlp_grpc, run_request(141)).partial_success.rejected_spans == 0
    assert post(server.otlp_http, run_request(142).SerializeToString()).status_code == 200


# ---------------------------------------------------------------- large things


def test_a_trace_of_fifty_thousand_levels_is_one_run_that_can_be_read(server: Server) -> None:
    depth = 50_000
    for request in chain_requests(201, depth, 5_000):
        assert post(server.otlp_http, request.SerializeToString()).status_code == 200
    server.settled()
    (run,) = server.all("runs", q=trace_id(201))
    assert (run["spans"], run["depth"], run["model_calls"], run["lifecycle"]) == (depth, depth - 1, 1, "finished")
    assert run["orphans"] == {"repaired": 0, "missing": 0}
    first = server.get(f"runs/{run['run_id']}/spans", limit=500)
    assert [span["depth"] for span in first["items"]] == list(range(500))
    assert first["next_cursor"]
    last = server.get(f"runs/{run['run_id']}/spans/{depth.to_bytes(8, 'big').hex()}")
    assert last["depth"] == depth - 1


def test_a_text_of_ten_megabytes_is_cut_told_of_and_shown(server: Server) -> None:
    request = run_request(211, 2)
    request.resource_spans[0].scope_spans[0].spans[1].attributes.extend(attributes(note="x" * (10 * MIB)))
    assert post(server.otlp_http, request.SerializeToString()).status_code == 200
    server.settled()
    (run,) = server.all("runs", q=trace_id(211))
    assert (run["spans"], run["tokens"]["total"]) == (2, sum(TOKENS))
    told = [row for row in server.all("rejections") if row["trace_id"] == trace_id(211)]
    assert [row["reason"] for row in told] == ["attribute_truncated"]
    assert "note" in told[0]["detail"]
    span = server.get(f"runs/{run['run_id']}/spans/{(2).to_bytes(8, 'big').hex()}")
    assert set(span["raw"]["attributes"]["note"]) == {"x"}
    assert len(span["raw"]["attributes"]["note"]) == MIB
