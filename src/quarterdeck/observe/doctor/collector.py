"""What in a collector's configuration would drop, hold up or mutilate traces of agents.

One check, one function: a configuration in, findings out. Sources: the collector's documentation of each component (README of
memory_limiter, batch, tail_sampling, probabilistic_sampler, exporterhelper). Refuses: to guess what `${env:…}` holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from quarterdeck.observe.doctor.collector_file import Collector, Pipeline, kind_of
from quarterdeck.observe.doctor.finding import Finding, Severity, worst_first

COMMIT_S = 2.0
"""An answer is a commit; its 99th percentile under full load is promised at two seconds."""

_OTLP = frozenset({"otlp", "otlphttp", "otlp_grpc", "otlp_http"})
_BACKENDS = frozenset(
    {"otlp", "otlphttp", "otlp_grpc", "otlp_http", "jaeger", "zipkin", "datadog", "honeycomb", "kafka", "awsxray",
     "googlecloud", "azuremonitor", "clickhouse", "elasticsearch", "splunk_hec", "signalfx", "coralogix", "logzio", "sentry"}
)  # fmt: skip
_TOLD = re.compile(
    r"(?<![\w.])(gen_ai|llm|openinference|traceloop|ai|session|user|input|output)(\.|$|\b)(?!\w*@)", re.IGNORECASE
)
"""Beginnings of attribute names without which usage, identity or content is lost."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DELETES = re.compile(
    r"\b(delete_key|delete_matching_keys|keep_keys|keep_matching_keys|limit|truncate_all)\s*\(([^)]*)\)"
)

Check = Callable[[Collector], Iterator[Finding]]


def check_collector(config: Collector) -> list[Finding]:
    """All findings, worst first."""
    return worst_first(finding for check in CHECKS for finding in check(config))


def _finding(code: str, severity: Severity, what: str, mend: str, **evidence: Any) -> Finding:
    return Finding(code, severity, what, evidence, mend)


def _of_kind(names: Any, kind: str) -> list[str]:
    return [name for name in names if kind_of(name) == kind]


def memory_limiter(config: Collector) -> Iterator[Finding]:
    """Without it, or behind others, a burst kills the collector and all that it holds."""
    for pipeline in config.traces:
        found = _of_kind(pipeline.processors, "memory_limiter")
        if not found or kind_of(pipeline.processors[0]) != "memory_limiter":
            where = "is missing" if not found else "is not the first processor"
            yield _finding(
                "collector_memory_limiter", "warning",
                f"memory_limiter {where} in pipeline {pipeline.name}: a burst kills the collector and what it holds",
                f"Put memory_limiter first: service.pipelines.{pipeline.name}.processors: [memory_limiter, …] with "
                "check_interval: 1s, limit_percentage: 80, spike_limit_percentage: 20.",
                pipeline=pipeline.name, processors=list(pipeline.processors),
            )  # fmt: skip


def batch_order(config: Collector) -> Iterator[Finding]:
    """Batching before a sampler splits and holds traces that the sampler wants whole."""
    for pipeline in config.traces:
        kinds = [kind_of(name) for name in pipeline.processors]
        if "batch" not in kinds:
            continue
        behind = [kind for kind in kinds[kinds.index("batch") + 1 :] if kind in ("tail_sampling", "groupbytrace")]
        if behind:
            yield _finding(
                "collector_batch_order", "error",
                f"batch stands before {behind[0]} in pipeline {pipeline.name}: traces reach the sampler in pieces and late",
                f"Move batch to the end: processors: [memory_limiter, …, {behind[0]}, batch].",
                pipeline=pipeline.name, processors=list(pipeline.processors),
            )  # fmt: skip


def tail_sampling(config: Collector) -> Iterator[Finding]:
    """Several collectors sample whole traces only when all spans of a trace come to the same one."""
    balanced = any(
        kind_of(name) == "loadbalancing" and settings.get("routing_key", "traceID") == "traceID"
        for name, settings in config.exporters.items()
    )
    for pipeline in config.traces:
        for name in _of_kind(pipeline.processors, "tail_sampling"):
            settings = config.processors.get(name, {})
            policies = [policy for policy in settings.get("policies") or [] if isinstance(policy, dict)]
            if not balanced:
                yield _finding(
                    "collector_tail_sampling_alone", "warning",
                    f"{name} in pipeline {pipeline.name} has no loadbalancing exporter before it: with more than one collector, "
                    "each decides on its part of a trace",
                    "Run a first layer of collectors with the loadbalancing exporter and routing_key: traceID, or exactly one "
                    "collector with tail_sampling.",
                    pipeline=pipeline.name, processor=name,
                )  # fmt: skip
            yield from _tail_policies(pipeline, name, policies, settings)


def _tail_policies(pipeline: Pipeline, name: str, policies: list[dict[str, Any]], settings: Any) -> Iterator[Finding]:
    kinds = [str(policy.get("type")) for policy in policies]
    if "always_sample" not in kinds:
        yield _finding(
            "collector_tail_sampling", "error",
            f"{name} in pipeline {pipeline.name} drops traces: every count of runs, tokens and dollars is too low, by a factor "
            "that its policies do not tell",
            "Send all traces here (take the processor out, or add a policy of type always_sample): counts stay exact, and "
            "bodies are sampled here with known odds. If you must drop, let one probabilistic policy alone decide.",
            pipeline=pipeline.name, processor=name, policies=kinds,
        )  # fmt: skip
    wait = seconds(settings.get("decision_wait", "30s"))
    if wait is not None and wait < 60:
        yield _finding(
            "collector_decision_wait", "warning",
            f"{name} decides after {wait:g} s, while agents work for minutes: what comes later is decided alone",
            "Raise decision_wait above the duration of your runs (see duration p95 on the page), with num_traces to match.",
            pipeline=pipeline.name, processor=name, decision_wait_s=wait,
        )  # fmt: skip


def probabilistic_sampler(config: Collector) -> Iterator[Finding]:
    """A share of the traces never comes."""
    for pipeline in config.traces:
        for name in _of_kind(pipeline.processors, "probabilistic_sampler"):
            share = config.processors.get(name, {}).get("sampling_percentage")
            if share == 100:
                continue
            said = f"{share} %" if share is not None else "nothing (no sampling_percentage)"
            yield _finding(
                "collector_probabilistic_sampler", "error",
                f"{name} in pipeline {pipeline.name} lets {said} of the traces through: every count is too low",
                f"Take {name} out of service.pipelines.{pipeline.name}.processors; bodies are sampled here with known odds. If "
                "you must drop, use mode: proportional, which leaves the odds in tracestate, where they are read.",
                pipeline=pipeline.name, processor=name, sampling_percentage=share,
            )  # fmt: skip


def deletions(config: Collector) -> Iterator[Finding]:
    """Processors that take out what usage, identity or content is read from."""
    for pipeline in config.traces:
        for name in pipeline.processors:
            lost = sorted(set(_deleted(kind_of(name), config.processors.get(name, {}))))
            if lost:
                yield _finding(
                    "collector_deletes_genai", "error",
                    f"{name} in pipeline {pipeline.name} takes out {', '.join(lost[:5])}",
                    f"Leave gen_ai.*, llm.* and session keys in: take these keys out of {name}. To keep secrets and texts out of the "
                    "store, use Quarterdeck's own redaction and content capture, which read usage and identity first.",
                    pipeline=pipeline.name, processor=name, keys=lost,
                )  # fmt: skip


def _deleted(kind: str, settings: Any) -> Iterator[str]:
    if kind == "attributes":
        yield from _deleted_by_actions(settings)
    elif kind == "redaction":
        yield from _deleted_by_redaction(settings)
    elif kind == "transform":
        yield from _deleted_by_statements(settings)


def _deleted_by_actions(settings: Any) -> Iterator[str]:
    for action in settings.get("actions") or []:
        if isinstance(action, dict) and action.get("action") in ("delete", "hash"):
            for key in (str(action.get("key") or ""), str(action.get("pattern") or "")):
                if key and _touches(key):
                    yield key


def _deleted_by_redaction(settings: Any) -> Iterator[str]:
    allowed = [str(key) for key in settings.get("allowed_keys") or []]
    if not settings.get("allow_all_keys") and not any(key.startswith("gen_ai.usage") for key in allowed):
        yield "gen_ai.* (not among allowed_keys)"
    yield from (str(key) for key in settings.get("blocked_key_patterns") or [] if _touches(str(key)))


def _deleted_by_statements(settings: Any) -> Iterator[str]:
    for statement in _statements(settings):
        for verb, arguments in _DELETES.findall(statement):
            if verb.startswith(("keep", "limit")) or _touches(arguments):
                yield f"{verb}({arguments.strip()[:80]})"


def _touches(key: str) -> bool:
    """Whether a key or a pattern of keys reaches what is read here."""
    plain = key.replace("\\", "").replace("^", "").replace(".*", "").strip('$"/ ')
    return not plain or _TOLD.search(plain) is not None


def _statements(settings: Any) -> Iterator[str]:
    for group in settings.get("trace_statements") or []:
        if isinstance(group, str):
            yield group
        elif isinstance(group, dict):
            yield from (str(statement) for statement in group.get("statements") or [])


def queues(config: Collector) -> Iterator[Finding]:
    """What waits when the backend rests or the collector restarts."""
    for name in _used_exporters(config):
        settings = config.exporters.get(name, {})
        queue, retry = settings.get("sending_queue") or {}, settings.get("retry_on_failure") or {}
        if retry.get("enabled") is False:
            yield _finding(
                "collector_retry_off", "error", f"{name} gives up at the first refusal (retry_on_failure.enabled: false)",
                f"Set exporters.{name}.retry_on_failure.enabled: true: a busy backend answers 429 or 503 and means it.", exporter=name,
            )  # fmt: skip
        if queue.get("enabled") is False:
            yield _finding(
                "collector_queue_off", "error", f"{name} has no queue: while the backend rests, spans are dropped",
                f"Set exporters.{name}.sending_queue.enabled: true with a storage.", exporter=name,
            )  # fmt: skip
        elif not queue.get("storage"):
            yield _finding(
                "collector_queue_in_memory", "warning", f"the queue of {name} is in memory: a restart of the collector loses it",
                f"Add the file_storage extension and set exporters.{name}.sending_queue.storage: file_storage.", exporter=name,
                file_storage=any(kind_of(found) == "file_storage" for found in config.extensions),
            )  # fmt: skip


def endpoints(config: Collector) -> Iterator[Finding]:
    """OTLP over the wrong protocol or port, and timeouts below a commit."""
    for name in _used_exporters(config):
        settings = config.exporters.get(name, {})
        target = str(settings.get("endpoint") or settings.get("traces_endpoint") or "")
        speaks_http = kind_of(name) in ("otlphttp", "otlp_http")
        port = _port(target)
        if port in (4317, 4318) and (port == 4317) is speaks_http:
            right = "otlp (gRPC)" if port == 4317 else "otlphttp"
            yield _finding(
                "collector_wrong_port", "error", f"{name} speaks {'HTTP' if speaks_http else 'gRPC'} to port {port}, which is for the other",
                f"Use the {right} exporter for port {port}, or port {4318 if speaks_http else 4317} for this one.",
                exporter=name, endpoint=target,
            )  # fmt: skip
        elif speaks_http and target and "://" not in target and not target.startswith("$"):
            yield _finding(
                "collector_endpoint", "error", f"{name} needs a URL, its endpoint is {target}", f"Write endpoint: http://{target}.", exporter=name,
            )  # fmt: skip
        wait = seconds(settings.get("timeout"))
        if wait is not None and 0 < wait < COMMIT_S:
            yield _finding(
                "collector_timeout", "error",
                f"{name} waits {wait:g} s for an answer; an answer is a commit and may take {COMMIT_S:g} s under load, then all is sent again",
                f"Set exporters.{name}.timeout: 10s or more.", exporter=name, timeout_s=wait,
            )  # fmt: skip


def several_backends(config: Collector) -> Iterator[Finding]:
    """One pipeline with several backends waits for the slowest queue and refuses for all."""
    for pipeline in config.traces:
        backends = [name for name in pipeline.exporters if kind_of(name) in _BACKENDS]
        if len(backends) > 1:
            yield _finding(
                "collector_several_backends", "info",
                f"pipeline {pipeline.name} sends to {len(backends)} backends: {', '.join(backends)}",
                "Give each exporter a sending_queue of its own, and compare totals: what one backend drops, the others still have.",
                pipeline=pipeline.name, exporters=backends,
            )  # fmt: skip


CHECKS: tuple[Check, ...] = (
    memory_limiter, batch_order, tail_sampling, probabilistic_sampler, deletions, queues, endpoints, several_backends,
)  # fmt: skip


def _used_exporters(config: Collector) -> list[str]:
    names = dict.fromkeys(name for pipeline in config.traces for name in pipeline.exporters)
    return [name for name in names if kind_of(name) in _OTLP]


def _port(target: str) -> int | None:
    try:
        return urlsplit(target if "://" in target else f"//{target}").port
    except ValueError:
        return None


def seconds(duration: Any) -> float | None:
    """A duration of Go (`1m30s`, `500ms`) in seconds; None when it is none."""
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        return duration / 1e9  # a bare number is nanoseconds
    parts = _DURATION.findall(duration) if isinstance(duration, str) else []
    return sum(float(number) * _UNITS[unit] for number, unit in parts) if parts else None
