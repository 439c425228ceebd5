"""A collector's configuration: a sound one is praised by silence, each fault is named with the line to write."""

from __future__ import annotations

import pytest

from quarterdeck.errors import BadFile
from quarterdeck.observe.doctor.collector import check_collector, seconds
from quarterdeck.observe.doctor.collector_file import read_collector

SOUND = """
receivers:
  otlp: {protocols: {grpc: , http: }}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 80}
  batch:
exporters:
  otlphttp:
    endpoint: http://127.0.0.1:4318
    timeout: 10s
    sending_queue: {enabled: true, storage: file_storage}
extensions:
  file_storage:
service:
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlphttp]}
"""


def codes(text):
    return {finding.code: finding for finding in check_collector(read_collector(text, "otelcol.yaml"))}


def changed(*pairs):
    text = SOUND
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return codes(text)


def with_processor(name, settings, place="memory_limiter, {}, batch"):
    return changed(
        ("  batch:\n", f"  batch:\n  {name}: {settings}\n"), ("memory_limiter, batch]", place.format(name) + "]")
    )


def test_a_sound_configuration_gives_no_finding():
    assert codes(SOUND) == {}


@pytest.mark.parametrize("order", ["batch", "batch, memory_limiter"])
def test_the_memory_limiter_comes_first(order):
    assert "memory_limiter first" in changed(("memory_limiter, batch]", order + "]"))["collector_memory_limiter"].mend


def test_batch_before_tail_sampling():
    found = with_processor(
        "tail_sampling", "{policies: [{name: all, type: always_sample}]}", "memory_limiter, batch, {}"
    )
    assert found["collector_batch_order"].severity == "error"


def test_tail_sampling_that_drops_alone_and_too_soon():
    found = with_processor("tail_sampling", "{decision_wait: 10s, policies: [{name: e, type: status_code}]}")
    assert set(found) == {"collector_tail_sampling", "collector_tail_sampling_alone", "collector_decision_wait"}
    assert found["collector_tail_sampling"].evidence["policies"] == ["status_code"]
    assert "loadbalancing" in found["collector_tail_sampling_alone"].mend


def test_tail_sampling_that_keeps_all_behind_a_load_balancer_is_sound():
    policy = "{decision_wait: 5m, policies: [{name: all, type: always_sample}]}"
    found = changed(
        ("  batch:\n", f"  batch:\n  tail_sampling: {policy}\n"),
        ("memory_limiter, batch]", "memory_limiter, tail_sampling, batch]"),
        ("exporters:\n", "exporters:\n  loadbalancing: {routing_key: traceID}\n"),
    )
    assert found == {}


def test_a_probabilistic_sampler_is_named_with_its_share():
    found = with_processor("probabilistic_sampler", "{sampling_percentage: 10}")
    finding = found["collector_probabilistic_sampler"]
    assert (finding.severity, finding.evidence["sampling_percentage"]) == ("error", 10)
    assert with_processor("probabilistic_sampler", "{sampling_percentage: 100}") == {}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("attributes", "{actions: [{key: gen_ai.prompt, action: delete}]}"),
        ("attributes/2", "{actions: [{pattern: '^gen_ai\\..*', action: delete}]}"),
        ("attributes", "{actions: [{key: session.id, action: hash}]}"),
        ("redaction", "{allowed_keys: [http.route]}"),
        ("redaction", "{allow_all_keys: true, blocked_key_patterns: ['.*']}"),
        ("transform", "{trace_statements: ['delete_matching_keys(span.attributes, \"gen_ai.*\")']}"),
        ("transform", "{trace_statements: [{context: span, statements: ['keep_keys(attributes, [\"http.route\"])']}]}"),
        ("transform", "{trace_statements: [{context: span, statements: ['limit(attributes, 10, [])']}]}"),
    ],
)
def test_what_takes_out_genai_keys(name, settings):
    assert with_processor(name, settings)["collector_deletes_genai"].evidence["keys"]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("attributes", "{actions: [{key: http.url, action: delete}, {key: gen_ai.system, action: insert, value: x}]}"),
        ("redaction", "{allow_all_keys: true, blocked_values: ['4[0-9]{12}']}"),
        ("redaction", "{allowed_keys: [gen_ai.usage.input_tokens]}"),
        ("transform", "{trace_statements: ['delete_key(span.attributes, \"http.url\")', 'set(span.name, \"x\")']}"),
    ],
)
def test_what_leaves_them_in(name, settings):
    assert with_processor(name, settings) == {}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (
            "sending_queue: {enabled: true, storage: file_storage}",
            "sending_queue: {enabled: false}",
            "collector_queue_off",
        ),
        ("sending_queue: {enabled: true, storage: file_storage}", "sending_queue: {}", "collector_queue_in_memory"),
        ("timeout: 10s", "retry_on_failure: {enabled: false}", "collector_retry_off"),
        ("timeout: 10s", "timeout: 500ms", "collector_timeout"),
        (":4318", ":4317", "collector_wrong_port"),
        ("http://127.0.0.1:4318", "127.0.0.1:4318", "collector_endpoint"),
    ],
)
def test_faults_of_the_exporter(old, new, code):
    assert set(changed((old, new))) == {code}


def test_grpc_to_the_port_of_http():
    found = changed(("  otlphttp:\n    endpoint: http://127", "  otlp:\n    endpoint: 127"), ("[otlphttp]", "[otlp]"))
    assert set(found) == {"collector_wrong_port"}


def test_several_backends_are_told_but_are_no_fault():
    found = changed(("exporters:\n", "exporters:\n  datadog: {}\n"), ("[otlphttp]", "[otlphttp, datadog, debug]"))
    assert (found["collector_several_backends"].severity, len(found)) == ("info", 1)


def test_what_the_environment_decides_is_not_guessed():
    assert changed(("http://127.0.0.1:4318", "${env:QUARTERDECK}")) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("service: [", "service.pipelines"),
        ("a: 1", "no `service`"),
        ("service: {extensions: []}", "service.pipelines"),
        ("service: {pipelines: {metrics: {}}}", "no pipeline of traces"),
        ("just text", "no `service`"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(text, told):
    with pytest.raises(BadFile, match=r"^otelcol\.yaml") as caught:
        read_collector(text, "otelcol.yaml")
    assert told in str(caught.value) + str(caught.value.mend)


def test_odd_shapes_are_survived():
    assert codes("processors: 3\nexporters: [1]\nservice: {pipelines: {traces: {processors: batch}, traces/2: }}") != {}


@pytest.mark.parametrize(
    ("written", "expected"), [("1m30s", 90), ("500ms", 0.5), ("5s", 5), (5_000_000_000, 5), ("", None), ("soon", None), (None, None)]
)  # fmt: skip
def test_durations(written, expected):
    assert seconds(written) == expected
