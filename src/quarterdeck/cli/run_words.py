"""A run in words and as a tree of text. Pure: documents of the API in, lines out.

Refuses: rounding away what is not known. Partly reported tokens carry a `+`, unknown ones a dash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from quarterdeck.cli import output

SPARE_NODES = 5_000  # synthetic nodes stand for spans that never came and are not in a run's span count
DEEPEST_INDENT = 40  # levels; a deeper tree keeps this indent, so a line stays readable


def state(run: Mapping[str, Any]) -> str:
    """`failed (tool_error)`, `ok`, `running`: the word that matters most."""
    if run["status"] == "error":
        return f"failed ({run['error_class']})" if run["error_class"] else "failed"
    if run["lifecycle"] == "finished":
        return "ok" if run["status"] == "ok" else "finished"
    return str(run["lifecycle"])


def tokens(run: Mapping[str, Any]) -> str:
    """Total tokens; `+` when only a part of the calls reported; a dash when none did."""
    total = run["tokens"]["total"]
    return output.number(total) + ("+" if total is not None and run["tokens"]["coverage"] == "partial" else "")


def cost(run: Mapping[str, Any]) -> str:
    """Computed dollars, else the reported ones."""
    known = run["cost_usd"]
    return output.dollars(known["computed"] if known["computed"] is not None else known["reported"])


def header(run: Mapping[str, Any]) -> Iterator[str]:
    """The run in words, a line per thought."""
    yield f"run {run['run_id']}: {run['root_name'] or output.UNKNOWN}"
    yield _identity(run)
    yield _deeds(run)
    yield _bill(run)
    yield from _promised(run)
    yield from _failed_tools(run)
    yield from _found_out(run)
    yield from _doubts(run)


def tree(spans: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One line per span, parents before children, indented by depth. `spans` come in that order from the API."""
    for span in spans:
        yield "  " * min(span["depth"], DEEPEST_INDENT) + _span_line(span)


def _identity(run: Mapping[str, Any]) -> str:
    agent = run["agent"] or "unknown agent"
    version = f" {run['agent_version']}" if run["agent_version"] else ""
    prompt = f", prompt {run['prompt_version']}" if run["prompt_version"] else ""
    model = f", model {run['model']}" if run["model"] else ""
    return f"{agent}{version}{prompt}{model}; {state(run)}; started {run['started_at']}"


def _deeds(run: Mapping[str, Any]) -> str:
    retries = f", {_count(run['retries'], 'retry', 'retries')}" if run["retries"] else ""
    took = f"in {output.duration(run['duration_s'])}" if run["duration_s"] is not None else "and has not ended"
    calls = f"{_count(run['model_calls'], 'model call')} and {_count(run['tool_calls'], 'tool call')}"
    return f"made {calls}{retries} {took}"


def promised(run: Mapping[str, Any]) -> str:
    """Tokens that nine in ten such runs stay below, `!` when this one did not; a dash where nothing was promised."""
    estimate = run.get("estimate") or {}
    spread = estimate.get("tokens_total")
    return (
        output.UNKNOWN
        if spread is None
        else f"{output.number(round(spread['q90']))}{'!' * bool(estimate['over_budget'])}"
    )


def _promised(run: Mapping[str, Any]) -> Iterator[str]:
    """What was promised in tokens, beside what was spent, and on what that stands; nothing where nothing was promised."""
    estimate = run.get("estimate") or {}
    spread = estimate.get("tokens_total")
    if spread is None:
        return
    low, middle, high = (output.number(round(spread[name])) for name in ("q10", "q50", "q90"))
    spent, position = estimate["spent"]["tokens_total"], estimate["position"]["tokens_total"]
    beside = "spent unknown" if spent is None else f"spent {output.number(round(spent))}"
    place = "" if position is None else f", more than {min(position, 0.99):.0%} of such runs"
    yield f"promised {middle} tokens (eight in ten between {low} and {high}), {beside}{place}"
    cold = "cold: " if estimate["cold"] else ""
    yield f"the promise ({estimate['source']}, {estimate['confidence']} confidence): {cold}{estimate['why']}"


def _failed_tools(run: Mapping[str, Any]) -> Iterator[str]:
    """Tools with failed calls, the most first; a server of an older version does not say."""
    failed = run.get("tool_errors") or {}
    if failed:
        told = (f"{name} {n} of {run['tools'].get(name, n)}" for name, n in sorted(failed.items(), key=lambda i: -i[1]))
        yield f"failed tool calls: {', '.join(told)}"


def _found_out(run: Mapping[str, Any]) -> Iterator[str]:
    """The outcome, and what was posted or told; a list of runs does not say the latter."""
    if run.get("outcome"):
        yield f"outcome: {run['outcome']}"
    told = [f"{said['name']} {_said(said)}" for said in run.get("outcomes") or ()]
    if told:
        yield f"found out: {', '.join(told)}"


def _said(outcome: Mapping[str, Any]) -> str:
    parts = [] if outcome["score"] is None else [output.number(outcome["score"], digits=2)]
    return " ".join([*parts, *([outcome["label"]] if outcome["label"] else [])])


def _bill(run: Mapping[str, Any]) -> str:
    known = run["tokens"]
    parts = [f"{output.number(known[name])} {name.replace('_', ' ')}" for name in _CLASSES if known[name] is not None]
    used = ", ".join(parts) if parts else "not reported"
    return f"tokens: {used} (coverage {known['coverage']}); cost {cost(run)} ({run['cost_usd']['source']})"


_CLASSES = ("input", "output", "cache_read", "cache_write", "reasoning")


def _doubts(run: Mapping[str, Any]) -> Iterator[str]:
    orphans = run["orphans"]
    if orphans["missing"] or orphans["repaired"]:
        yield f"spans that never came: {orphans['missing']}; links repaired: {orphans['repaired']}"
    if run["residual_tokens"]:
        yield f"tokens claimed above and not explained below: {output.number(run['residual_tokens'])}"
    if run["flags"]:
        yield f"flags: {', '.join(run['flags'])}"


def _span_line(span: Mapping[str, Any]) -> str:
    if span["synthetic"]:
        return f"? missing span {span['span_id']}"
    return " · ".join(_span_parts(span))


def _span_parts(span: Mapping[str, Any]) -> Iterable[str]:
    yield f"{span['op_kind']} {span['name']}"
    if span["duration_ms"] is not None:
        yield output.duration(span["duration_ms"] / 1000)
    used = [f"{output.number(span[f'tokens_{side}'])} {side}" for side in ("input", "output") if span[f"tokens_{side}"]]
    if used:
        yield " + ".join(used)
    if span["cost_usd"] is not None:
        yield output.dollars(span["cost_usd"])
    if span["status"] == "error":
        yield f"error {span['error_class'] or span['error_type'] or ''}".rstrip()
    if span.get("attempt"):
        yield f"attempt {span['attempt']} of {span['attempts']}"
    if span["repair_rule"]:
        yield f"re-attached: {span['repair_rule']}"


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"
