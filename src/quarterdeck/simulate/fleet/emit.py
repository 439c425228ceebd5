"""A planned run as spans of the real OpenTelemetry SDK, with given ids and times.

Every span says whose it is (run, session, agent, prompt, tenant), because the run's root is exported last and a
server must know a run before it ends. Texts are short and made up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from quarterdeck.simulate.fleet.casting import ROLES
from quarterdeck.simulate.fleet.plan import PlannedRun
from quarterdeck.simulate.fleet.steps import Step

SCOPE = "quarterdeck.simulate.fleet"


class _Ids(IdGenerator):  # type: ignore[misc]  # the checker is told to skip the SDK's types
    """Hands out ids hashed from a text that is set before each span."""

    def __init__(self) -> None:
        self.key = ""

    def generate_span_id(self) -> int:
        return int.from_bytes(sha256(f"span/{self.key}".encode()).digest()[:8], "big") or 1

    def generate_trace_id(self) -> int:
        return int.from_bytes(sha256(f"trace/{self.key}".encode()).digest()[:16], "big") or 1


class Emitter:
    """Turns steps into spans. One per fleet; not for several threads.

    `epoch` (the fleet's start, in ns) is part of every id: two demos with one seed are two fleets.
    """

    def __init__(self, processor: SpanProcessor, epoch: int) -> None:
        self._ids = _Ids()
        self._epoch = epoch
        self._processor = processor
        self._tracers = {role.name: self._tracer(role.name, role.version) for role in ROLES}

    def _tracer(self, agent: str, version: str) -> Tracer:
        resource = Resource({"service.name": agent, "service.version": version, "telemetry.sdk.language": "python"})
        provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        provider.add_span_processor(self._processor)
        return provider.get_tracer(SCOPE)

    def flush(self) -> None:
        """Return when all spans that have ended are sent."""
        self._processor.force_flush()

    def close(self) -> None:
        """Send what waits, then end."""
        self._processor.shutdown()

    def start(self, run: PlannedRun, at_ns: int) -> OpenRun:
        """Begin a run: its root span is open until `OpenRun.finish`."""
        identity = _identity(run, epoch=f"{self._epoch // 1_000_000_000:x}")
        self._ids.key = f"{self._epoch}/{run.run_id}"
        root = self._tracers[run.agent].start_span(
            f"invoke_agent {run.agent}",
            context=Context(),
            attributes={**identity, "gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": run.model},
            start_time=at_ns,
        )
        key = self._ids.key
        return OpenRun(run, root, identity=identity, tracer=self._tracers[run.agent], ids=self._ids, key=key)


class OpenRun:
    """A run under way."""

    def __init__(
        self, run: PlannedRun, root: Span, *, identity: Mapping[str, Any], tracer: Tracer, ids: _Ids, key: str
    ) -> None:
        self.run = run
        self._root = root
        self._identity = identity
        self._tracer = tracer
        self._ids = ids
        self._key = key
        self._context = set_span_in_context(root, Context())

    def step(self, number: int, start_ns: int, end_ns: int) -> None:
        """Emit step `number` as an ended span."""
        step = self.run.steps[number]
        self._ids.key = f"{self._key}/{number}"
        name, attributes = _model_call(self.run, step) if step.kind == "llm" else _tool_call(step, number)
        span = self._tracer.start_span(
            name,
            context=self._context,
            kind=SpanKind.CLIENT if step.kind == "llm" else SpanKind.INTERNAL,
            attributes={**self._identity, **attributes},
            start_time=start_ns,
        )
        if step.error is not None:
            span.set_attributes({"error.type": step.error, "quarterdeck.error.class": step.error})
            span.set_status(Status(StatusCode.ERROR, step.error.replace("_", " ")))
        span.end(end_time=end_ns)

    def finish(self, at_ns: int) -> None:
        """End the run as planned."""
        error = self.run.error
        self._root.set_attribute("quarterdeck.outcome", "success" if error is None else "failure")
        if error is None:
            self._root.set_status(Status(StatusCode.OK))
        else:
            self._root.set_attributes({"error.type": error, "quarterdeck.error.class": error})
            self._root.set_status(Status(StatusCode.ERROR, error.replace("_", " ")))
        self._root.end(end_time=at_ns)


def _identity(run: PlannedRun, epoch: str) -> dict[str, Any]:
    return {
        "quarterdeck.run.id": f"{run.run_id}-{epoch}",
        "quarterdeck.session.id": f"{run.session_id}-{epoch}",
        "quarterdeck.agent.version": run.agent_version,
        "quarterdeck.prompt.name": run.agent,
        "quarterdeck.prompt.version": run.prompt_version,
        "quarterdeck.tenant": run.tenant,
        "quarterdeck.environment": run.environment,
        "quarterdeck.feature": run.feature,
        "quarterdeck.task.class": run.task_class,
        "user.id": run.user_id,
        "gen_ai.agent.name": run.agent,
        "gen_ai.provider.name": run.provider,
    }


def _model_call(run: PlannedRun, step: Step) -> tuple[str, dict[str, Any]]:
    said: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": step.name}
    if step.attempt is not None:
        said["quarterdeck.retry.attempt"] = step.attempt
    counts = {
        "gen_ai.usage.input_tokens": step.tokens_input,
        "gen_ai.usage.output_tokens": step.tokens_output,
        "gen_ai.usage.cache_read.input_tokens": step.tokens_cached,
        "gen_ai.usage.reasoning.output_tokens": step.tokens_reasoning,
    }
    said |= {name: count for name, count in counts.items() if count is not None}
    if step.error is None:
        said["gen_ai.response.model"] = step.name
        said["gen_ai.response.finish_reasons"] = ("stop",)
        said["gen_ai.output.messages"] = _message("assistant", f"Working on the {run.task_class.replace('_', ' ')}.")
    return f"chat {step.name}", said


def _tool_call(step: Step, number: int) -> tuple[str, dict[str, Any]]:
    said = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": step.name,
        "gen_ai.tool.call.id": f"call_{number}",
        "gen_ai.tool.call.arguments": json.dumps({"step": number}),
        "gen_ai.tool.call.result": "not found" if step.error else "ok",
    }
    return f"execute_tool {step.name}", said


def _message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])
