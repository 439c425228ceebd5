"""Records golden spans from unmodified producers: a receiver of OTLP, a provider with a script, one question.

Ids, times and everything about the machine are replaced by running numbers and fixed words, so that a new recording
differs from the old one only where the producer does.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from quarterdeck.testing import Call, Scenario, SimulatedProvider, Turn

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests" / "producers"
START_NS = 1_790_000_000_000_000_000
KEPT_OF_RESOURCES = ("service.name", "service.version", "deployment.environment.name", "telemetry.sdk.language")
LONG = 700
"""Characters of a plain text that are kept; documents stay whole."""


class Producer(NamedTuple):
    """A script under the instrumentation whose golden file is named `name`; `package` gives the version."""

    name: str
    environment: str
    script: str
    package: str
    asks: str = "question"
    disabled: str = ""
    settings: tuple[tuple[str, str], ...] = ()


PRODUCERS = (
    Producer("pydantic_ai", "openinference", "pydantic_ai_agent", "pydantic-ai-slim"),
    Producer("openinference_openai_agents", "openinference", "openai_agents_agent", "openinference-instrumentation-openai-agents", "input"),
    Producer("openinference_langchain", "openinference", "langgraph_agent", "openinference-instrumentation-langchain"),
    Producer("openllmetry_langchain", "openllmetry", "langgraph_agent", "opentelemetry-instrumentation-langchain"),
    Producer("openllmetry_openai_agents", "openllmetry", "openai_agents_agent", "opentelemetry-instrumentation-openai-agents", "input", "openai"),
    Producer("openllmetry_openai", "openllmetry", "openai_loop", "opentelemetry-instrumentation-openai"),
    Producer("openllmetry_anthropic", "openllmetry", "anthropic_loop", "opentelemetry-instrumentation-anthropic"),
    Producer("genai_langchain", "genai", "langgraph_agent", "opentelemetry-instrumentation-genai-langchain", disabled="openai"),
    Producer("genai_openai_agents", "genai", "openai_agents_agent", "opentelemetry-instrumentation-genai-openai-agents", "input"),
    Producer("genai_openai", "genai", "openai_loop", "opentelemetry-instrumentation-genai-openai"),
    Producer("genai_anthropic", "genai", "anthropic_loop", "opentelemetry-instrumentation-genai-anthropic"),
    Producer("claude_sdk", "genai", "anthropic_loop", "anthropic", disabled="anthropic"),
)  # fmt: skip


class _Receiver:
    """Takes OTLP over HTTP as protobuf, and keeps it."""

    def __init__(self) -> None:
        self.blocks: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == "/v1/traces":
                    outer.blocks.extend(ExportTraceServiceRequest.FromString(body).resource_spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> _Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def record_all(folder: Path) -> None:
    """Record every producer whose environment is there; files of other versions stay."""
    for producer in PRODUCERS:
        programs = ROOT / ".venv-producers" / producer.environment / "bin"
        if not (programs / "opentelemetry-instrument").exists():
            continue
        blocks = _play(producer, programs)
        text = json.dumps({"resourceSpans": _scrubbed(blocks)}, indent=1, ensure_ascii=False)
        (folder / f"{producer.name}_{_version(programs, producer.package)}.json").write_text(text + "\n")


def _version(programs: Path, package: str) -> str:
    asked = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    return subprocess.run([programs / "python", "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def _scenarios(asks: str) -> list[Scenario]:
    support = (
        Turn(calls=(Call("lookup_order", {"order": "o-1"}), Call("refund", {"order": "o-1"})), reasoning_tokens=64),
        Turn(calls=(Call("ask_policy", {asks: "May a voucher be paid out?"}),)),
        Turn("Your voucher is renewed.", reasoning_tokens=32),
    )
    return [Scenario(support, when="support desk"), Scenario((Turn("Vouchers are renewed."),), when="policy room")]


def _play(producer: Producer, programs: Path) -> list[Any]:
    with _Receiver() as receiver, SimulatedProvider(_scenarios(producer.asks)) as provider:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.address,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_SERVICE_NAME": "support-service",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,service.version=1.4.2",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": producer.disabled,
            "OPENAI_BASE_URL": f"{provider}/v1",
            "OPENAI_API_KEY": "none",
            "ANTHROPIC_BASE_URL": provider,
            "ANTHROPIC_API_KEY": "none",
            **dict(producer.settings),
        }
        with tempfile.TemporaryDirectory() as home:
            subprocess.run(
                [programs / "opentelemetry-instrument", programs / "python", SCRIPTS / f"{producer.script}.py"],
                env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": home, **settings},
                capture_output=True,
                check=True,
                timeout=300,
            )
        return receiver.blocks


# --- scrubbing


def _scrubbed(blocks: list[Any]) -> list[dict[str, Any]]:
    """The spans of the largest trace (of equal ones, the first) as OTLP JSON, in order of start, one block per scope."""
    listed = [
        (block.resource, scope.scope, scope.schema_url, span)
        for block in blocks
        for scope in block.scope_spans
        for span in scope.spans
    ]
    listed.sort(key=lambda item: (item[3].start_time_unix_nano, item[3].span_id))
    sizes = Counter(item[3].trace_id for item in listed)
    largest = max(sizes.values())
    chosen = next(item[3].trace_id for item in listed if sizes[item[3].trace_id] == largest)
    first = [item for item in listed if item[3].trace_id == chosen]
    scrub = _Scrub(first[0][3].start_time_unix_nano)
    found: dict[str, dict[str, Any]] = {}
    for resource, scope, url, span in first:
        scope_said = json_format.MessageToDict(scope)
        block = found.setdefault(
            json.dumps([scope_said, url]),
            {
                "resource": {"attributes": [
                    json_format.MessageToDict(pair) for pair in resource.attributes if pair.key in KEPT_OF_RESOURCES
                ]},
                "scopeSpans": [{"scope": scope_said, **({"schemaUrl": url} if url else {}), "spans": []}],
            },
        )  # fmt: skip
        block["scopeSpans"][0]["spans"].append(scrub.span(span))
    return ranked(list(found.values()))


def ranked(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Times by their order alone, a millisecond apart: how long a recording took says nothing about its producer."""
    moments = [
        (holder, key)
        for block in blocks
        for scope in block["scopeSpans"]
        for span in scope["spans"]
        for holder, key in (
            (span, "startTimeUnixNano"),
            (span, "endTimeUnixNano"),
            *((event, "timeUnixNano") for event in span.get("events", ())),
        )
    ]
    order = {time: rank for rank, time in enumerate(sorted({int(holder[key]) for holder, key in moments}))}
    for holder, key in moments:
        holder[key] = str(START_NS + order[int(holder[key])] * 1_000_000)
    return blocks


class _Scrub:
    """Running numbers for ids, fixed words for what names this machine or this moment."""

    def __init__(self, start_ns: int) -> None:
        self._start_ns = start_ns
        self._ids: dict[str, str] = {}
        self._uuids: dict[str, int] = {}

    def span(self, span: Any) -> dict[str, Any]:
        said = json_format.MessageToDict(span)
        said["traceId"], said["spanId"] = self._id(span.trace_id), self._id(span.span_id)
        if span.parent_span_id:
            said["parentSpanId"] = self._id(span.parent_span_id)
        said["startTimeUnixNano"] = self._time(span.start_time_unix_nano)
        said["endTimeUnixNano"] = self._time(span.end_time_unix_nano)
        for event, source in zip(said.get("events", ()), span.events, strict=True):
            event["timeUnixNano"] = self._time(source.time_unix_nano)
        for link, source in zip(said.get("links", ()), span.links, strict=True):
            link["traceId"], link["spanId"] = self._id(source.trace_id), self._id(source.span_id)
        said.pop("flags", None)
        return {key: self._clean(value) for key, value in said.items()}

    def _id(self, raw: bytes) -> str:
        found = self._ids.get(raw.hex())
        if found is None:
            found = self._ids[raw.hex()] = f"{len(self._ids) + 1:0{len(raw) * 2}x}"
        return found

    def _named(self, uuid: str) -> str:
        number = self._uuids.setdefault(uuid, len(self._uuids) + 1)
        return f"00000000-0000-4000-8000-{number:012d}"

    def _time(self, ns: int) -> str:
        return str(START_NS + ns - self._start_ns)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"key", "value"} and value["key"] in _MACHINE:
                return {"key": value["key"], "value": _MACHINE[value["key"]]}
            return {key: self._clean(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._clean(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, value: str) -> str:
        for pattern, instead in _PLACES:
            value = pattern.sub(instead, value)
        value = _UUID.sub(lambda found: self._named(found[0]), _RULES.sub("", value))
        if len(value) > LONG and value[:1] not in "[{":
            value = value[:LONG]
        return value


_MACHINE: dict[str, Any] = {
    "exception.stacktrace": {"stringValue": "Traceback (most recent call last): …"},
    "server.port": {"intValue": "443"},
    "thread.id": {"intValue": "1"},
    "gen_ai.response.time_to_first_chunk": {"doubleValue": 0.25},
}
_PLACES = (
    (re.compile(re.escape(str(ROOT)) + r"[^\s\"',)]*"), "/app"),
    (re.compile(r"127\.0\.0\.1(:\d+)?"), "api.example.com"),
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RULES = re.compile(r"(?:\\n|\n)Rule (?:[4-9]|\d\d): look before you act, and say what you did to whom and when\.")
"""The long instructions are there for the provider's cache; three rules of them are enough here."""
