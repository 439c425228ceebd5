"""Tries an installed Quarterdeck as a user would: starts the server, fetches the page, sends a run, reads it, stops.

`try_release.py COMMAND DATA_DIR`. Exit 0 when all of it went well. Refuses: any network but loopback.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

READ_WITHIN_S = 20  # a run is readable within 5 s of the answer; a loaded machine may be slower
STOP_WITHIN_S = 10
TRACE_ID = "5b8efff798038103d269b633813fc60c"


def main(command: str, data_dir: str) -> int:
    """Answers the exit code; raises when a step fails."""
    server = start(command, data_dir)
    try:
        ready = json.loads(server.stdout.readline() if server.stdout else "")
        page = fetch(ready["api"] + "/")
        if b"<script" not in page:
            raise SystemExit(f"{ready['api']}/ is not the built page: {page[:200]!r}")
        send(ready["otlp_http"] + "/v1/traces", export(time.time_ns()))
        run = read_run(ready["api"])
        if (run["agent"], run["tokens"]["total"]) != ("release-trial", 15):
            raise SystemExit(f"the run came back changed: {run}")
    finally:
        server.terminate()
        code = server.wait(STOP_WITHIN_S)
    if code != 0:
        raise SystemExit(f"the server stopped with {code}")
    sys.stdout.write("the installed server answered its page and a run, and stopped with 0\n")
    return 0


def start(command: str, data_dir: str) -> subprocess.Popen[str]:
    """The server on free ports; its ready line is the first on stdout."""
    words = [command, "serve", "--data-dir", data_dir]
    ports = ["--api-port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0"]
    return subprocess.Popen(words + ports, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command


def export(now_ns: int) -> dict[str, Any]:
    """One agent run with one model call, as OTLP JSON."""
    call = {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
    spans = [
        span("00f067aa0ba902b7", "", "invoke_agent release-trial", now_ns, {"gen_ai.agent.name": "release-trial"}),
        span("00f067aa0ba902b8", "00f067aa0ba902b7", "chat gpt-4o", now_ns, call),
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}


def span(span_id: str, parent: str, name: str, now_ns: int, attributes: dict[str, Any]) -> dict[str, Any]:
    """A finished span; its operation is the first word of its name, as OpenTelemetry has it."""
    named = {"gen_ai.operation.name": name.split(maxsplit=1)[0], **attributes}
    values = [{"key": key, "value": value_of(value)} for key, value in named.items()]
    return {
        "traceId": TRACE_ID,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "startTimeUnixNano": str(now_ns - 1_000_000_000),
        "endTimeUnixNano": str(now_ns),
        "attributes": values,
    }


def value_of(value: Any) -> dict[str, Any]:
    """An attribute value as OTLP JSON writes it."""
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def send(url: str, document: dict[str, Any]) -> None:
    """POST; an answer other than 200 raises."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(document).encode(), headers)  # noqa: S310 - our own loopback server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def fetch(url: str) -> bytes:
    """GET; an answer other than 200 raises."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback server
        content: bytes = answer.read()
    return content


def read_run(api: str) -> dict[str, Any]:
    """The run of the sent trace, as soon as it can be read."""
    stop = time.monotonic() + READ_WITHIN_S
    while time.monotonic() < stop:
        items = json.loads(fetch(f"{api}/api/v1/runs?q={TRACE_ID}"))["items"]
        if items and items[0]["tokens"]["total"] is not None:
            found: dict[str, Any] = items[0]
            return found
        time.sleep(0.1)
    raise SystemExit(f"the run was not readable within {READ_WITHIN_S} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
