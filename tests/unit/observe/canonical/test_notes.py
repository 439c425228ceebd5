"""Tags, metadata, variables and the like: read for one span on demand, bounded, never raising."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.canonical import notes
from quarterdeck.observe.canonical.notes import KEYS_MAX


def span(attributes: dict[str, Any], resource: dict[str, Any] | None = None) -> RawSpan:
    return RawSpan(
        "default", "1" * 32, "1" * 16, "", "", "span", 1, 1, 2, 0, "", attributes, (), (),
        Resource(resource or {}, ""), Scope("", "", {}, ""),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"langfuse.trace.tags": ["beta", "eu"]}, {"tags": ["beta", "eu"]}),
        ({"tag.tags": '["beta"]', "logfire.tags": ["beta", "slow"]}, {"tags": ["beta", "slow"]}),
        ({"langsmith.span.tags": "seq:step:1, x"}, {"tags": ["seq:step:1", "x"]}),
        ({"metadata": '{"team": "desk", "size": 3}'}, {"metadata": {"team": "desk", "size": 3}}),
        ({"langfuse.trace.metadata.team": "desk"}, {"metadata": {"team": "desk"}}),
        ({"ai.telemetry.metadata.team": "desk", "langsmith.metadata.ls_provider": "x"},
         {"metadata": {"team": "desk", "ls_provider": "x"}}),
        ({"gen_ai.prompt.variable.name": "Ann", "llm.prompt_template.variables": '{"city": "Bern"}'},
         {"prompt_variables": {"city": "Bern", "name": "Ann"}}),
        ({"mcp.session.id": "m-1"}, {"mcp_session_id": "m-1"}),
        ({"gen_ai.handoff.from_agent": "a", "gen_ai.handoff.to_agent": "b"}, {"handoff_from": "a", "handoff_to": "b"}),
        ({"gen_ai.agent.call.id": "r-1"}, {"agent_call_id": "r-1"}),
        ({"tailsampling.policy": "errors"}, {"sample_reason": "errors"}),
        ({"gen_ai.usage.audio.input_tokens": 7, "gen_ai.usage.audio.cache_read.input_tokens": 2, "gen_ai.usage.input_tokens": 9},
         {"usage_by_modality": {"audio.input_tokens": 7, "audio.cache_read.input_tokens": 2}}),
        ({}, {}),
        ({"metadata": "not json", "langfuse.trace.tags": ""}, {}),
    ],
)  # fmt: skip
def test_what_is_hung_on_a_span(attributes: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert notes(span(attributes)) == wanted


def test_the_resource_says_the_release() -> None:
    assert notes(span({}, {"service.version": "1.4.2"})) == {"release": "1.4.2"}


def test_the_number_of_keys_is_bounded() -> None:
    many = {f"langfuse.trace.metadata.{number}": "x" for number in range(KEYS_MAX * 3)}
    found = notes(span({**many, "langfuse.trace.tags": [str(n) for n in range(KEYS_MAX * 3)]}))
    assert len(found["metadata"]) == len(found["tags"]) == KEYS_MAX
