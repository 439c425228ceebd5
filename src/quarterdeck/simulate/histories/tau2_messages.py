"""The messages of the recorded tau2 runs, from the full trajectories or, without them, from the table of messages.

The table has tokens, costs, times and tool names but no texts, arguments or call ids; what it lacks stays absent.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories.files import json_lines
from quarterdeck.simulate.histories.shape import TokenFacts
from quarterdeck.simulate.histories.times import iso_ns

RUN_FILES = ("runs.csv.gz", "runs.csv")
TRAJECTORIES = ("trajectories.jsonl.zst", "trajectories.jsonl")
TABLE = "messages.parquet"
TURN_FILES = (*TRAJECTORIES, TABLE)
_MEND = "take the files of one side as recorded"


class ToolCall(NamedTuple):
    """A call that a message asks for. `arguments` is JSON text, None when it was not recorded."""

    id: str | None
    name: str
    arguments: str | None


class Turn(NamedTuple):
    """One message. `usage` is None when none was reported: then it was no model call.

    `requestor` of a tool result is who asked for it: "assistant" or "user". `at_ns` is when the message was complete.
    """

    role: str
    at_ns: int
    content: str | None
    calls: tuple[ToolCall, ...]
    usage: TokenFacts | None
    cost_usd: float | None
    finish_reason: str | None
    requestor: str | None
    call_id: str | None
    tool_name: str | None
    tool_error: bool


class Turns(Protocol):
    """Messages by simulation."""

    def of(self, simulation_id: str) -> Sequence[Turn]:
        """In order; empty when there are none."""
        ...


def read_turns(folder: Path) -> Turns:
    """The fullest source that the folder holds. Raises BadFile when it holds none."""
    for name in TRAJECTORIES:
        if (folder / name).is_file():
            return _Trajectories(folder / name)
    if (folder / TABLE).is_file():
        return _Table(folder / TABLE)
    raise BadFile(str(folder), f"no messages: expected one of {', '.join(TURN_FILES)}", mend=_MEND)


class _Trajectories:
    """Trajectories kept as JSON text and parsed one at a time: parsed, they would take ten times the memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_id: dict[str, tuple[int, str]] = {}
        for line, record in json_lines(path):
            try:
                self._by_id[record["run_info"]["simulation_id"]] = (line, json.dumps(record["messages"] or []))
            except (KeyError, TypeError) as error:
                what = f"expected a trajectory with run_info.simulation_id and messages: {error!r}"
                raise BadFile(str(path), what, line=line, mend=_MEND) from error

    def of(self, simulation_id: str) -> Sequence[Turn]:
        line, text = self._by_id.get(simulation_id, (0, "[]"))
        try:
            return list(_turns(json.loads(text)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadFile(str(self._path), f"not a recorded message: {error!r}", line=line, mend=_MEND) from error


def _turns(messages: Sequence[Mapping[str, Any]]) -> Iterator[Turn]:
    names: dict[str, str] = {}
    for message in messages:
        calls = tuple(_call(call) for call in message.get("tool_calls") or [])
        names.update({call.id: call.name for call in calls if call.id})
        yield _turn(message, calls, names)


def _call(call: Mapping[str, Any]) -> ToolCall:
    return ToolCall(call["id"], call["name"], json.dumps(call.get("arguments") or {}, ensure_ascii=False))


def _turn(message: Mapping[str, Any], calls: tuple[ToolCall, ...], names: Mapping[str, str]) -> Turn:
    usage = message.get("usage")
    tool = message["role"] == "tool"
    return Turn(
        role=message["role"],
        at_ns=iso_ns(message["timestamp"]),
        content=message.get("content"),
        calls=calls,
        usage=_usage(usage) if usage else None,
        cost_usd=message.get("cost") if usage else None,
        finish_reason=message.get("finish_reason"),
        requestor=message.get("requestor") if tool else None,
        call_id=message.get("id") if tool else None,
        tool_name=names.get(message.get("id", "")) if tool else None,
        tool_error=bool(message.get("error")),
    )


def _usage(usage: Mapping[str, Any]) -> TokenFacts:
    return TokenFacts(
        input=usage["prompt_tokens"],
        output=usage["completion_tokens"],
        cache_read=usage.get("cache_read_tokens"),
        reasoning=usage.get("reasoning_tokens"),
    )


class _Table:
    """Messages from the Parquet table, grouped by simulation."""

    def __init__(self, path: Path) -> None:
        import pyarrow.lib  # noqa: PLC0415 - slow to load, and only this shape needs it
        import pyarrow.parquet  # noqa: PLC0415

        try:
            rows = pyarrow.parquet.read_table(path).to_pylist()
        except (pyarrow.lib.ArrowException, OSError) as error:
            raise BadFile(str(path), f"not a Parquet table: {error}", mend=_MEND) from error
        grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            grouped[row.get("simulation_id", "")].append(row)
        self._path = path
        self._by_id = grouped

    def of(self, simulation_id: str) -> Sequence[Turn]:
        rows = sorted(self._by_id.get(simulation_id, []), key=lambda row: int(row["turn_idx"]))
        asked: deque[str] = deque()
        try:
            return [_row_turn(row, asked) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            what = f"simulation {simulation_id}: not a recorded message: {error!r}"
            raise BadFile(str(self._path), what, mend=_MEND) from error


def _row_turn(row: Mapping[str, Any], asked: deque[str]) -> Turn:
    """`asked` holds the tools that were called and not yet answered: results come in the order of the calls."""
    names = [name for name in (row["tool_names"] or "").split(",") if name]
    asked.extend(names)
    tool = row["role"] == "tool"
    reported = row["prompt_tokens"] is not None
    return Turn(
        role=row["role"],
        at_ns=iso_ns(row["timestamp"]),
        content=None,
        calls=tuple(ToolCall(None, name, None) for name in names),
        usage=_row_usage(row) if reported else None,
        cost_usd=row["cost"] if reported else None,
        finish_reason=row["finish_reason"],
        requestor=row["requestor"] if tool else None,
        call_id=None,
        tool_name=asked.popleft() if tool and asked else None,
        tool_error=bool(row["tool_error"]),
    )


def _row_usage(row: Mapping[str, Any]) -> TokenFacts:
    def count(name: str) -> int | None:
        return None if row[name] is None else int(row[name])

    return TokenFacts(
        input=count("prompt_tokens"),
        output=count("completion_tokens"),
        cache_read=count("cache_read_tokens"),
        reasoning=count("reasoning_tokens"),
    )
