"""The recorded retail runs as spans, added up by an independent reader and compared with their own totals."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories import Tally, find_histories, read_histories

HEADER = (
    "run_dir,agent_model,user_model,harness,task_id,simulation_id,duplicate_of,timestamp,duration_sec,"
    "termination_reason,agent_cost,user_cost,reward,n_messages"
)


def plain(span: Any) -> dict[str, Any]:
    """Attributes of a span as Python values, read without the code under test."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes}


@pytest.fixture(scope="module")
def dev(data: Path) -> Path:
    return data / "tau2_retail_runs/dev"


class Sums:
    """What the spans of one run add up to."""

    def __init__(self) -> None:
        self.root: Any = None
        self.count: Counter[str] = Counter()
        self.costs: list[float] = []
        self.errors = 0


class Read:
    """Everything the spans say, each span once."""

    def __init__(self, folder: Path) -> None:
        self.tally = Tally()
        self.runs: dict[str, Sums] = defaultdict(Sums)
        self.repeats: Counter[bytes] = Counter()
        self.bytes_by_id: dict[bytes, bytes] = {}
        for piece in read_histories(find_histories(folder, lambda text: None)):
            self.tally.add(piece.facts)
            self._read(piece.resource_spans)

    def _read(self, block: Any) -> None:
        spans = [span for scope in block.scope_spans for span in scope.spans]
        root = next(span for span in spans if not span.parent_span_id)
        run = self.runs[plain(root)["quarterdeck.run.id"]]
        for span in spans:
            assert span.trace_id == root.trace_id
            key, wire = span.trace_id + span.span_id, span.SerializeToString(deterministic=True)
            self.repeats[key] += 1
            if key in self.bytes_by_id:
                assert self.bytes_by_id[key] == wire, "sent again must be the identical span"
                continue
            self.bytes_by_id[key] = wire
            self._add(run, span, root)

    def _add(self, run: Sums, span: Any, root: Any) -> None:
        said = plain(span)
        assert span is root or span.parent_span_id == root.span_id
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano
        if span is root:
            run.root = (span.status.code, span.name, said)
            return
        run.errors += span.status.code == 2
        run.count[said.get("gen_ai.operation.name", "none")] += 1
        for key, value in said.items():
            if key.startswith("gen_ai.usage."):
                assert said["gen_ai.operation.name"] == "chat"
                run.count[key] += value
        if "quarterdeck.cost_usd" in said:
            run.costs.append(said["quarterdeck.cost_usd"])


@pytest.fixture(scope="module")
def read(dev: Path) -> Read:
    return Read(dev)


@pytest.fixture(scope="module")
def rows(dev: Path) -> list[dict[str, str]]:
    with gzip.open(dev / "runs.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_run_adds_up_to_its_recorded_totals(read: Read, rows: list[dict[str, str]]) -> None:
    # Tokens and calls exactly, costs to 1e-9, for the agent and for the user simulator.
    assert len(rows) == 1589
    for row in rows:
        agent, user = read.runs[row["simulation_id"]], read.runs.get(f"{row['simulation_id']}-user", Sums())
        for run, who in ((agent, "assistant"), (user, "user")):
            assert run.count["chat"] == int(row[f"{who}_calls"])
            assert run.count["gen_ai.usage.input_tokens"] == int(row[f"{who}_prompt_tokens"])
            assert run.count["gen_ai.usage.output_tokens"] == int(row[f"{who}_completion_tokens"])
            assert run.count["gen_ai.usage.cache_read.input_tokens"] == int(row[f"{who}_cached_tokens"])
            assert run.count["gen_ai.usage.reasoning.output_tokens"] == int(row[f"{who}_reasoning_tokens"])
        for run, name in ((agent, "agent_cost"), (user, "user_cost")):
            if row[name]:
                assert math.fsum(run.costs) == pytest.approx(float(row[name]), abs=1e-9)
        both = agent.count + user.count
        assert both["execute_tool"] == int(row["tool_results"])
        assert agent.errors + user.errors == int(row["tool_errors"])


def test_identity_outcome_and_termination_stand_on_the_root(read: Read, rows: list[dict[str, str]]) -> None:
    for row in rows:
        if row["duplicate_of"]:
            continue
        status, name, said = read.runs[row["simulation_id"]].root
        assert said["gen_ai.agent.name"] == f"{row['agent_model'] or 'unknown'}/{row['harness']}"
        assert name == f"invoke_agent {said['gen_ai.agent.name']}"
        assert said["quarterdeck.session.id"] == row["simulation_id"]
        assert said["quarterdeck.task.class"] == "retail"
        assert said["quarterdeck.outcome"] == ("success" if float(row["reward"]) == 1.0 else "failure")
        assert said["tau2.termination_reason"] == row["termination_reason"]
        assert (status == 2) == (row["termination_reason"] != "user_stop")
        assert ("error.type" in said) == (status == 2)


def test_counts_of_the_whole_side(read: Read) -> None:
    # Golden: 1,516 simulations, 1,419 of them with a user; 73 repeated rows.
    summary = read.tally.summary()
    assert (summary.runs, summary.spans, summary.repeated_spans) == (1516 + 1419, 54626, 2601)
    assert (summary.model_calls, summary.tool_calls) == (33027, 16717)
    assert summary.tokens == {
        "input": 163311701,
        "output": 3063086,
        "cache_read": 96788743,
        "cache_write": None,
        "reasoning": 801992,
        "total": 166374787,
    }
    assert summary.cost_usd == pytest.approx(math.fsum(c for r in read.runs.values() for c in r.costs), abs=1e-9)
    assert summary.spans == len(read.bytes_by_id)
    assert set(read.repeats.values()) == {1, 2}


def test_a_row_without_messages_is_one_failed_span_without_usage(read: Read, rows: list[dict[str, str]]) -> None:
    empty = [row for row in rows if row["n_messages"] == "0"]
    assert len(empty) == 97
    for row in empty:
        run = read.runs[row["simulation_id"]]
        assert (run.root[0], sum(run.count.values()), run.costs) == (2, 0, [])
        assert f"{row['simulation_id']}-user" not in read.runs


def test_the_table_of_messages_says_the_same_as_the_trajectories(dev: Path, read: Read, tmp_path: Path) -> None:
    for name in ("runs.csv.gz", "messages.parquet"):
        (tmp_path / name).symlink_to(dev / name)
    tally = Tally()
    for piece in read_histories(find_histories(tmp_path, lambda text: None)):
        tally.add(piece.facts)
    assert tally.summary() == read.tally.summary()


def test_a_call_carries_only_the_messages_that_are_new(dev: Path) -> None:
    piece = next(read_histories(find_histories(dev, lambda text: None)))
    calls = [plain(span) for span in piece.resource_spans.scope_spans[0].spans]
    calls = [said for said in calls if said.get("gen_ai.operation.name") == "chat"]
    heard = [json.loads(said["gen_ai.input.messages"]) for said in calls]
    said = [json.loads(call["gen_ai.output.messages"]) for call in calls]
    assert [message["role"] for message in heard[0]] == ["user"]
    asked = said[1][0]["parts"][0]
    assert asked["name"] == "find_user_id_by_name_zip"
    assert heard[2] == [
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": asked["id"], "response": "yusuf_rossi_9620"}],
        }
    ]


def write_side(folder: Path, row: str, trajectory: str) -> None:
    (folder / "runs.csv").write_text(f"{HEADER}\n{row}\n")
    (folder / "trajectories.jsonl").write_text(trajectory)


GOOD = "d,m,u,base,1,s1,,2026-02-20T23:00:27,48.2,user_stop,,,1.0,1"


@pytest.mark.parametrize(
    ("row", "trajectory", "expected"),
    [
        (GOOD, "{broken\n", "trajectories.jsonl:1: not JSON"),
        (GOOD, '{"messages": []}\n', "trajectories.jsonl:1: expected a trajectory with run_info.simulation_id"),
        (GOOD, '{"run_info": {"simulation_id": "s1"}, "messages": []}\n', "runs.csv:2: simulation s1 has 1 messages"),
        (GOOD, '{"run_info": {"simulation_id": "s1"}, "messages": [{"role": "user"}]}\n', "not a recorded message"),
        (GOOD.replace("2026-02-20T23:00:27", "yesterday"), "", "runs.csv:2: not a row of recorded runs"),
    ],
)
def test_a_broken_side_is_named_with_file_line_and_mend(
    tmp_path: Path, row: str, trajectory: str, expected: str
) -> None:
    write_side(tmp_path, row, trajectory)
    with pytest.raises(BadFile) as caught:
        list(read_histories(find_histories(tmp_path, lambda text: None)))
    assert expected in str(caught.value)
    assert caught.value.mend
