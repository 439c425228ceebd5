"""Who works in the demo fleet: agents with their models, tools, tasks, failure rates, and the prompt that changes.

Rates of failure and tool times are made up for the demo (the recorded tools answered in microseconds); tokens and model
times come from `fitted`, and so do lengths, times a factor: a change must be seen within a minute, so that runs are short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quarterdeck.simulate.fleet.fitted import RETAIL_TOOLS, LogNormal


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of an agent's instructions. `longer` multiplies calls per run, `wordier` what each call adds."""

    version: str
    failure: float
    longer: float = 1.0
    wordier: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """One agent, the same only as itself (it holds tables, and stands as a key in one). `share` of the runs; weights of models, tools and task classes; `prompts` before and after the change.

    `calls_factor` multiplies the recorded calls per run, `gap_factor` the waits between them.
    """

    name: str
    version: str
    share: float
    models: Mapping[str, float]
    tools: Mapping[str, float]
    tasks: Mapping[str, float]
    feature: str
    prompts: tuple[Prompt, Prompt]
    calls_factor: float = 1.0
    gap_factor: float = 1.0


def _steady(version: str, failure: float) -> tuple[Prompt, Prompt]:
    """The same prompt before and after."""
    return (Prompt(version, failure), Prompt(version, failure))


ROLES = (
    Role(
        "support-agent",
        "2.4.1",
        0.45,
        {"gpt-5-mini": 0.5, "gpt-4.1-mini": 0.5},
        RETAIL_TOOLS,
        {"refund": 0.4, "exchange": 0.25, "address_change": 0.15, "order_status": 0.2},
        "help_center",
        (Prompt("v6", 0.12), Prompt("v7", 0.31, longer=1.25, wordier=1.3)),
        calls_factor=0.5,
        gap_factor=0.25,
    ),
    Role(
        "triage-agent",
        "1.9.0",
        0.25,
        {"gpt-5-nano": 1.0},
        {"lookup_customer": 3, "search_tickets": 2, "assign_queue": 2, "set_priority": 1},
        {"inbox": 0.7, "escalation": 0.3},
        "inbox",
        _steady("v3", 0.07),
        calls_factor=0.5,
        gap_factor=0.5,
    ),
    Role(
        "research-agent",
        "0.8.2",
        0.15,
        {"gemini-3-flash": 1.0},
        {"web_search": 5, "fetch_page": 4, "read_pdf": 1, "take_note": 3},
        {"market_report": 0.6, "due_diligence": 0.4},
        "reports",
        _steady("v12", 0.17),
        calls_factor=0.4,
        gap_factor=0.4,
    ),
    Role(
        "coding-agent",
        "3.1.0",
        0.15,
        {"gpt-4.1": 0.6, "gpt-5-mini": 0.4},
        {"read_file": 6, "edit_file": 4, "run_tests": 3, "search_code": 4, "open_pull_request": 1},
        {"bug_fix": 0.5, "dependency_update": 0.3, "review": 0.2},
        "pull_requests",
        _steady("v21", 0.2),
        calls_factor=0.7,
        gap_factor=0.5,
    ),
)

TENANTS = {"acme": 0.4, "globex": 0.25, "initech": 0.2, "umbrella": 0.1, "hooli": 0.05}
ENVIRONMENTS = {"production": 0.92, "staging": 0.08}
ERRORS = {
    "tool_error": 0.45,
    "schema_invalid": 0.2,
    "context_overflow": 0.15,
    "guardrail_block": 0.1,
    "provider_overload": 0.1,
}
"""Why a failed run failed; words of the canonical error classes."""

TOOL_S = LogNormal(-0.4, 0.9)
"""Seconds per tool call: median 0.7."""
GAP_S = LogNormal(1.7, 0.7)
"""Seconds between steps in which a run waits for people and queues: median 5.5, by a role's factor."""
GAP_S_MAX = 25.0
RATE_LIMITED = 0.01
"""Share of model calls that the provider refuses once."""

PROVIDERS = {"gpt": "openai", "gemini": "gcp.gemini"}
