"""`quarterdeck doctor`: a sound file passes, an unsound one says what is wrong and how to mend it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., str]
Call = Callable[..., Any]


def codes(document: dict[str, Any]) -> dict[str, str]:
    """Code → severity."""
    return {finding["code"]: finding["severity"] for finding in document["findings"]}


def test_a_sound_file_holds(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    path = otlp_file(otlp.request(otlp.agent_run(1, "a")), otlp.request(otlp.agent_run(2, "b")))
    answer = quarterdeck("doctor", path, "--json")
    assert (answer.code, answer.document) == (0, {"findings": []})
    assert quarterdeck("doctor", path).out == "Nothing to mend.\n"


def test_a_bad_line_among_good_ones_is_named(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    path = otlp_file(otlp.request(otlp.agent_run(1, "a")), "{not json", otlp.request(otlp.agent_run(2, "b")))
    answer = quarterdeck("doctor", path, "--json")
    assert answer.code == 1
    (finding,) = answer.document["findings"]
    assert (finding["code"], finding["severity"]) == ("bad_lines", "error")
    assert (finding["evidence"]["lines"], finding["evidence"]["of"]) == (1, 3)
    assert finding["evidence"]["first"][0].startswith(f"{path}:2: ")


def test_a_span_that_the_server_would_refuse_is_named(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    spans = otlp.agent_run(1, "a")
    spans[2]["spanId"] = "0000000000000000"
    answer = quarterdeck("doctor", otlp_file(otlp.request(spans)), "--json")
    assert answer.code == 1
    assert "invalid_span_id" in answer.document["findings"][0]["evidence"]["first"][0]


def test_lost_roots_and_orphans(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    answer = quarterdeck("doctor", otlp_file(otlp.request(otlp.agent_run(1, "a")[1:])), "--json")
    found = codes(answer.document)
    assert answer.code == 1
    assert {"missing_roots", "orphans"} <= set(found)
    assert found["orphans"] == "error"
    assert all("hours" not in finding["evidence"] for finding in answer.document["findings"])


@pytest.mark.parametrize(("silent", "severity", "code"), [(2, "error", 1), (1, "warning", 0)])
def test_calls_without_usage(
    quarterdeck: Call, otlp_file: Write, otlp: Any, silent: int, severity: str, code: int
) -> None:
    runs = [otlp.agent_run(n, "a", usage=n > silent) for n in (1, 2)]
    answer = quarterdeck("doctor", otlp_file(*map(otlp.request, runs)), "--json")
    assert answer.code == code
    assert codes(answer.document)["usage_missing"] == severity


def test_a_call_reported_twice(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    used = {"gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "resp-1", "gen_ai.usage.input_tokens": 10}
    spans = [
        *otlp.agent_run(1, "a"),
        otlp.span(1, 4, 1, "chat gpt-4o", used),
        otlp.span(1, 5, 4, "chat gpt-4o", used),
    ]
    answer = quarterdeck("doctor", otlp_file(otlp.request(spans)), "--json")
    assert codes(answer.document)["duplicate_usage"] == "warning"


def test_keys_that_no_dialect_reads(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    spans = otlp.agent_run(1, "a")
    spans[1]["attributes"].append({"key": "gen_ai.usage.thoughts_of_nobody", "value": {"intValue": "5"}})
    answer = quarterdeck("doctor", otlp_file(otlp.request(spans)), "--json")
    (finding,) = [f for f in answer.document["findings"] if f["code"] == "unmapped_keys"]
    assert "gen_ai.usage.thoughts_of_nobody" in finding["evidence"]["most_frequent"]
    assert answer.code == 0


def test_clocks_that_disagree(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    spans = otlp.agent_run(1, "a")
    spans[1]["endTimeUnixNano"] = str(int(spans[1]["startTimeUnixNano"]) - 1)
    answer = quarterdeck("doctor", otlp_file(otlp.request(spans)), "--json")
    assert codes(answer.document)["clock_skew"] == "warning"


def test_the_same_spans_sent_twice_are_counted_once(quarterdeck: Call, otlp_file: Write, otlp: Any) -> None:
    lost = otlp.request(otlp.agent_run(1, "a")[1:])
    once = quarterdeck("doctor", otlp_file(lost), "--json").document
    assert quarterdeck("doctor", otlp_file(lost, lost), "--json").document == once


def test_compressed_and_formatted_files_are_read(quarterdeck: Call, tmp_path: Path, otlp: Any) -> None:
    request = otlp.request(otlp.agent_run(1, "a"))
    packed, formatted = tmp_path / "traces.jsonl.gz", tmp_path / "trace.json"
    packed.write_bytes(gzip.compress(json.dumps(request).encode()))
    formatted.write_text(json.dumps(request, indent=2))
    assert [quarterdeck("doctor", str(path), "--json").document for path in (packed, formatted)] == [
        {"findings": []},
        {"findings": []},
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "no span in it"), ("hello\n", ":1: no span can be read"), ('{"resourceSpans": []}\n', "no span in it")],
)
def test_a_file_without_spans_is_bad_input(quarterdeck: Call, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "traces.jsonl"
    path.write_text(content)
    answer = quarterdeck("doctor", str(path))
    assert answer.code == 3
    assert answer.err.startswith("error[bad_file]: ")
    assert said in answer.err
    assert "mend: " in answer.err


@pytest.mark.parametrize("name", ["nothing.jsonl", "."])
def test_what_is_no_file_is_bad_input(quarterdeck: Call, tmp_path: Path, name: str) -> None:
    answer = quarterdeck("doctor", str(tmp_path / name))
    assert answer.code == 3
    assert str(tmp_path / name) in answer.err


def test_a_server_gives_its_own_findings(quarterdeck: Call, url: str) -> None:
    answer = quarterdeck("doctor", url, "--json")
    assert answer.code == 0
    assert isinstance(answer.document["findings"], list)


def test_traces_joined_by_a_run_id_are_one_group(otlp: Any, quarterdeck: Call, otlp_file: Write) -> None:
    first, second = otlp.agent_run(1, "a"), otlp.agent_run(2, "a")
    for spans in (first, second):
        spans[0]["attributes"].append({"key": "quarterdeck.run.id", "value": {"stringValue": "joined"}})
    lost = otlp.agent_run(3, "a")[1:]
    answer = quarterdeck("doctor", otlp_file(*map(otlp.request, (first, second, lost))), "--json")
    (finding,) = [f for f in answer.document["findings"] if f["code"] == "orphans"]
    assert (finding["evidence"]["runs_with_orphans"], finding["evidence"]["runs"]) == (1, 2)


COLLECTOR = """
processors:
  batch:
  probabilistic_sampler: {sampling_percentage: 10}
exporters:
  otlp: {endpoint: "127.0.0.1:4318"}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch, probabilistic_sampler], exporters: [otlp]}
"""


@pytest.mark.parametrize("name", ["otelcol.yaml", "otelcol.conf"])
def test_a_collectors_configuration(quarterdeck: Call, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(COLLECTOR)
    answer = quarterdeck("doctor", str(path), "--json")
    assert answer.code == 1
    assert {"collector_probabilistic_sampler", "collector_wrong_port", "collector_memory_limiter"} <= set(
        codes(answer.document)
    )
    assert "sampling_percentage: 10" in quarterdeck("doctor", str(path)).out


def test_a_broken_configuration_is_named_with_its_line(quarterdeck: Call, tmp_path: Path) -> None:
    path = tmp_path / "otelcol.yaml"
    path.write_text("service:\n  pipelines: [\n")
    answer = quarterdeck("doctor", str(path))
    assert answer.code == 3
    assert f"{path}:" in answer.err
    assert quarterdeck("doctor", str(tmp_path / "nothing.yaml")).code == 3


def test_a_bill_beside_a_file(quarterdeck: Call, otlp_file: Write, otlp: Any, tmp_path: Path) -> None:
    used = {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 10}
    calls = [otlp.span(1, n, 1, "chat gpt-4o", used) for n in range(10, 20)]
    path = otlp_file(otlp.request([*otlp.agent_run(1, "a"), *calls]))
    bill = tmp_path / "calls.csv"
    bill.write_text("hour,model\n")
    assert quarterdeck("doctor", path, "--billing", str(bill)).code == 3
    assert quarterdeck("doctor", path, "--billing", str(tmp_path / "nothing.csv")).code == 3
    bill.write_text("day,model,requests\n2001-01-01,gpt-4o,7\n")
    answer = quarterdeck("doctor", path, "--billing", str(bill), "--json")
    assert "billing_gap" not in codes(answer.document)  # long before the first span
    config = tmp_path / "otelcol.yaml"
    config.write_text(COLLECTOR)
    assert quarterdeck("doctor", str(config), "--billing", str(bill)).code == 3
