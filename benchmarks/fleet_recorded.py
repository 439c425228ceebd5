"""Recorded changes through the pipeline: a harness that triples tokens, a vendor's agent over ten weeks.

Read from `../shared/data` (QUARTERDECK_DATA names another place). Times of the harness runs are moved so that the old
harness runs before the new one, one run after another; nothing else of a recorded run is changed but its name: the model is
the agent, the harness its version.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from fleet_deck import STARTED_NS, Deck, opened
from fleet_load import Call, Told, request_of
from quarterdeck.simulate.histories import find_histories, read_histories
from quarterdeck.stats import Baseline, EDetector

DATA = Path(os.environ.get("QUARTERDECK_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))

# ---------------------------------------------------------------- harness

HARNESSES = ("base", "mermaid_harness_v1")
MODELS = ("gemini-3-flash", "gpt-5-mini", "gpt-5-nano")


def harness(short: bool) -> dict[str, Any]:
    """`base` → `mermaid_harness_v1` for each model that was recorded with both."""
    found = {model: _changed(model) for model in (MODELS[:1] if short else MODELS)}
    main = found[MODELS[0]]
    return {
        "tokens_found_after_runs": main["tokens_after"],
        "bar": "tokens within 10 runs; success not enough data until it is",
        "failing_fired": main["failing_fired"],
        "failing_said": main["failing_said"],
        "models": found,
    }


def _changed(model: str) -> dict[str, Any]:
    old, new = (blocks(model, harness) for harness in HARNESSES)
    with tempfile.TemporaryDirectory(prefix="fleet-harness-") as folder, opened(Path(folder) / "data") as deck:
        at_ns = STARTED_NS
        for block in old:
            at_ns = _send_moved(deck, block, at_ns, HARNESSES[0], model)
        deck.look(at_ns)
        tokens_after, said = None, None
        for number, block in enumerate(new, 1):
            at_ns = _send_moved(deck, block, at_ns, HARNESSES[1], model)
            deck.look(at_ns)
            if tokens_after is None and "tokens" in _fired(deck):
                tokens_after = number
                said = _failing(deck)
        return {
            "old_runs": len(old), "new_runs": len(new), "tokens_after": tokens_after, "failing_said": said,
            "failing_at_the_end": _failing(deck), "failing_fired": "failing" in _fired(deck),
            "alerts": [one["title"] for one in deck.alerts() if one["fired_at"] is not None],
        }  # fmt: skip


def blocks(model: str, harness: str) -> list[ResourceSpans]:
    """The agent's runs of one model under one harness, in the order of their starts; sent twice in the recording: once."""
    seen: dict[bytes, ResourceSpans] = {}
    for piece in read_histories(find_histories(DATA / "tau2_retail_runs" / "dev", lambda _: None)):
        root = piece.resource_spans.scope_spans[0].spans[0]
        if root.name == f"invoke_agent {model}/{harness}":
            seen.setdefault(bytes(root.trace_id), piece.resource_spans)
    return sorted(seen.values(), key=lambda block: block.scope_spans[0].spans[0].start_time_unix_nano)


def _send_moved(deck: Deck, block: ResourceSpans, at_ns: int, version: str, model: str) -> int:
    """Send a run as if it began at `at_ns`; answers when it ended."""
    moved = ResourceSpans()
    moved.CopyFrom(block)
    spans = moved.scope_spans[0].spans
    by_ns = at_ns - spans[0].start_time_unix_nano
    for span in spans:
        span.start_time_unix_nano += by_ns
        span.end_time_unix_nano += by_ns
        for pair in span.attributes:
            if pair.key == "gen_ai.agent.name":
                pair.value.string_value = model
    told = spans[0].attributes.add()
    told.key, told.value.string_value = "quarterdeck.agent.version", version
    deck.send(ExportTraceServiceRequest(resource_spans=[moved]).SerializeToString(), 1)
    return max(span.end_time_unix_nano for span in spans)


def _fired(deck: Deck) -> set[str]:
    """Signals of the alerts that fired."""
    fired = [one for one in deck.alerts() if one["fired_at"] is not None]
    return {finding["signal"] for one in fired for finding in one["findings"] if finding["state"] == "reached"}


def _failing(deck: Deck) -> dict[str, Any] | None:
    """What the deploy's own test says of failing runs."""
    streams = deck.get("signals?lane=deploy&signal=failing&limit=5")["items"]
    if not streams:
        return None
    one = streams[0]
    return {key: one[key] for key in ("state", "evidence", "threshold", "runs", "runs_needed", "sees")} | {
        "now": one["now"]["value"], "before": one["before"]["value"],
    }  # fmt: skip


# ---------------------------------------------------------------- vendor

MODEL = "claude-opus-4-6"
"""The model whose series is labelled; from April on another one takes turns with it."""
STEPS = {"2026-03-10": "up", "2026-03-12": "up", "2026-03-31": "down", "2026-04-03": "up"}
"""Days on which the cost of a run changed: 11.10 → 13.24 → 17.06 → 11.77 → 12.59 dollars."""
DIP = ("2026-03-05", "2026-03-07")
QUIET = (("2026-02-26", "2026-03-04"), ("2026-03-15", "2026-03-30"), ("2026-04-08", "2026-04-13"))
"""Flat stretches, with some days left after each step for it to be found."""
THRESHOLD = 50_000.0
"""For the series through the core directly: at most one false alarm in so many trials, three times the whole series."""
TOLERANCE = 1.04
LEARN = 3


def vendor(short: bool) -> dict[str, Any]:
    """Ten weeks of one vendor's agent: every trial is a run through the pipeline, and the series through the core."""
    days = sorted(suites())
    fired = _vendor_alerts(days[:60] if short else days)
    core = _vendor_core(days)
    return {
        "steps_found_by_core": [(step["day"], step["what"]) for step in core],
        "bar": "four cost steps and the dip of 5 to 7 March found, flat stretches quiet",
        "alerts": fired,
        "false_alerts_in_flat_stretches": sum(any(low <= one["day"] <= high for low, high in QUIET) for one in fired),
        "core": core,
    }


def suites() -> list[tuple[datetime, str, str]]:
    """(start, file, Claude Code version) of each run of the suite."""
    with gzip.open(DATA / "claude_code_daily" / "runs.csv.gz", "rt") as stream:
        return [
            (datetime.fromisoformat(row["started_at"]), row["file"], row["claude_version"].split()[0])
            for row in csv.DictReader(stream)
            if row["primary_model"] == MODEL
        ]


def trials() -> dict[str, list[dict[str, Any]]]:
    """Tasks of each run of the suite, those of the side `dev`."""
    import pyarrow.parquet as pq

    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pq.read_table(DATA / "claude_code_daily" / "dev" / "task_trials.parquet").to_pylist():
        found[row["file"]].append(row)
    return found


def _vendor_alerts(days: list[tuple[datetime, str, str]]) -> list[dict[str, Any]]:
    """Each trial as a run of the agent `claude-code`, ten seconds apart within its suite."""
    by_file = trials()
    epoch = days[0][0].timestamp()
    shift = STARTED_NS / 1e9 - epoch
    with tempfile.TemporaryDirectory(prefix="fleet-vendor-") as folder, opened(Path(folder) / "data") as deck:
        for started, file, version in days:
            runs = list(_trials_told(by_file[file], started.timestamp() - epoch, version, file))
            if not runs:
                continue
            deck.send(request_of(runs, STARTED_NS), len(runs))
            deck.look(STARTED_NS + int(runs[-1].ended_s * 1e9))
        fired = [one for one in deck.alerts() if one["fired_at"] is not None]
    return [
        {"day": _day(datetime.fromisoformat(one["fired_at"]).timestamp() - shift), "title": one["title"], "where": one["where"]}
        for one in fired
    ]  # fmt: skip


def _day(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).date().isoformat()


def _trials_told(rows: list[dict[str, Any]], begins_s: float, version: str, file: str) -> Iterator[Told]:
    for number, row in enumerate(sorted(rows, key=lambda row: row["task_id"])):
        started = begins_s + 10.0 * number
        call = {
            "gen_ai.operation.name": "chat", "gen_ai.request.model": row["models"] or "unknown",
            "gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": int(row["input_tokens"] or 0),
            "gen_ai.usage.output_tokens": int(row["output_tokens"] or 0),
            "quarterdeck.cost_usd": float(row["total_cost_usd_total"] or 0.0),
        }  # fmt: skip
        yield Told(
            run_id=f"{file}-{row['task_id'].replace('/', '-')}",
            agent="claude-code",
            started_s=started,
            ended_s=started + (row["duration_ms_total"] or 0) / 1e3,
            identity={"quarterdeck.agent.version": version, "quarterdeck.task.class": "HumanEval"},
            root={"quarterdeck.outcome": "success" if row["passed"] else "failure"},
            calls=[Call(call)],
        )


def _vendor_core(days: list[tuple[datetime, str, str]]) -> list[dict[str, Any]]:
    """Cost on both sides and failures, each trial against its own task's past, by three `EDetector`s.

    A cost becomes 1 when it lies beyond the task's median since the last change by more than `TOLERANCE` (1/2 at most while
    nothing changes). A failure bets against the running mean of its task. What reaches the threshold begins anew.
    """
    by_file = trials()
    past = _Past()
    found: list[dict[str, Any]] = []
    for started, file, _ in days:
        rows = sorted(by_file[file], key=lambda row: row["task_id"])
        day, dollars = started.date().isoformat(), past.suite_usd(rows)
        found += [{"day": day, "what": what, "suite_usd": dollars} for what in past.take(rows)]
    return found


class _Past:
    """What is known of each task, and the evidence that it changed."""

    def __init__(self) -> None:
        self.costs: dict[str, list[float]] = defaultdict(list)
        self.failed: dict[str, Baseline] = defaultdict(Baseline)
        self.detectors = {what: EDetector(0.5) for what in ("cost up", "cost down", "failing")}

    def take(self, rows: list[dict[str, Any]]) -> list[str]:
        """One run of the suite; answers what reached the threshold."""
        found = []
        for row in rows:
            task, cost = row["task_id"], row["total_cost_usd_total"]
            if cost and len(self.costs[task]) >= LEARN:
                ratio = cost / float(np.median(self.costs[task]))
                self.detectors["cost up"].update(float(ratio > TOLERANCE))
                self.detectors["cost down"].update(float(ratio < 1 / TOLERANCE))
            if self.failed[task].n >= LEARN:
                self.detectors["failing"].update(float(not row["passed"]), self.failed[task].m)
        for what, detector in self.detectors.items():
            if detector.value >= THRESHOLD:
                found.append(what)
                detector.reset()
                if what.startswith("cost"):
                    self.costs.clear()
        for row in rows:
            self.failed[row["task_id"]] = self.failed[row["task_id"]].absorb(float(not row["passed"]))
            if row["total_cost_usd_total"]:
                self.costs[row["task_id"]].append(row["total_cost_usd_total"])
        return found

    def suite_usd(self, rows: list[dict[str, Any]]) -> float:
        return round(sum(row["total_cost_usd_total"] or 0.0 for row in rows), 2)


if __name__ == "__main__":
    print(json.dumps(_vendor_core(sorted(suites())), indent=1))
