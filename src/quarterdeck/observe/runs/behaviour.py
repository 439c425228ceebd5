"""What a run did: tools, errors, retries. Whether it goes round is the business of `repeats`.

Refuses: to compare calls whose arguments are not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.columns import Columns

_WORK = frozenset({"llm", "tool", "embedding", "retrieval", "rerank"})


def tools_of(members: Columns) -> dict[str, int]:
    """Calls per tool, in order of first use; a tool without name goes by its span's."""
    if "tool" not in members.op_kind:
        return {}
    rows = zip(members.op_kind, members.tool_name, members.name, strict=True)
    return dict(Counter(tool or name for kind, tool, name in rows if kind == "tool"))


def tool_errors_of(members: Columns) -> dict[str, int]:
    """Failed calls per tool, named as in `tools_of`; a tool without a failed call is left out."""
    if "error" not in members.status or "tool" not in members.op_kind:
        return {}
    rows = zip(members.op_kind, members.status, members.tool_name, members.name, strict=True)
    return dict(Counter(tool or name for kind, status, tool, name in rows if kind == "tool" and status == "error"))


def retries_of(spans: Sequence[Span], up: Sequence[int], nodes: Sequence[int], members: Columns) -> int:
    """Spans that say they are a retry, and repeats of a call right beside one that failed. `nodes` by start."""
    said: int = sum(attempt is not None and attempt >= 1 for attempt in members.retry_attempt)
    if "error" not in members.status:
        return said
    failed: set[tuple[object, ...]] = set()
    found = 0
    for node in nodes:
        span = spans[node]
        call = _call(span, up[node])
        if call is None:
            continue
        if call in failed and not span.retry_attempt:
            found += 1
        if span.status == "error":
            failed.add(call)
        else:
            failed.discard(call)
    return said + found


def attempts_of(spans: Sequence[Span], up: Sequence[int], nodes: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Node → (attempt, attempts), counted from 1, for operations that were tried more than once. `nodes` by start.

    A try follows one that failed, or says itself that it is one.
    """
    chains: list[list[int]] = []
    tried: dict[tuple[object, ...], list[int]] = {}
    for node in nodes:
        span = spans[node]
        call = _call(span, up[node])
        if call is None:
            continue
        chain = tried.get(call)
        if chain is None or not (span.retry_attempt or spans[chain[-1]].status == "error"):
            tried[call] = chain = []
            chains.append(chain)
        chain.append(node)
    return {node: (at, len(chain)) for chain in chains if len(chain) > 1 for at, node in enumerate(chain, 1)}


def busy_s_of(members: Columns) -> float | None:
    """Seconds in which at least one call was at work; calls that overlap count once. None when none has ended."""
    busy, until, ended = 0, 0, False
    for kind, start, end in zip(members.op_kind, members.start_ns, members.end_ns, strict=True):
        if kind in _WORK and end > start:
            ended = True
            if end > until:
                busy += end - max(start, until)
                until = end
    return busy / 1e9 if ended else None


def _call(span: Span, above: int) -> tuple[object, ...] | None:
    """What makes two siblings the same call; None when that cannot be told."""
    if span.op_kind == "tool":
        return None if span.tool_args_hash is None else (above, span.tool_name or span.name, span.tool_args_hash)
    if span.op_kind == "llm":
        return above, span.name, span.model_request, span.tool_args_hash
    return None


def deepest_latest_error(spans: Sequence[Span], nodes: Sequence[int], depth: dict[int, int]) -> str | None:
    """Error class of the deepest failed span, the latest of equals; None when none is known."""
    failed = [node for node in nodes if spans[node].status == "error" and spans[node].error_class is not None]
    return spans[max(failed, key=lambda node: (depth[node], node))].error_class if failed else None
