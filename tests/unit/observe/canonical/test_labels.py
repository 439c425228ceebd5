"""What is remembered by label never shows: a canonicalizer that has seen much answers like a new one."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.canonical import Canonicalizer, labels
from quarterdeck.observe.canonical.dialects import DIALECTS
from quarterdeck.observe.canonical.kinds import KINDS
from quarterdeck.observe.canonical.precedence import GLOBAL, OWN

KEYS = sorted(
    {key.partition("{")[0] for keys in GLOBAL.values() for key in keys}
    | {key.partition("{")[0] for dialect in DIALECTS for keys in dialect.fields.values() for key in keys}
    | {*OWN.values(), *KINDS, "service.name"}
)
SCOPES = sorted({"x", *(scope for dialect in DIALECTS for scope in dialect.scopes)})
WORDS = sorted({"chat", "agent", "execute_tool", "tool", "LLM", "gpt-5", "openai", "", "N/A", *(w for t in KINDS.values() for w in t)})  # fmt: skip

values = st.sampled_from(WORDS) | st.booleans() | st.integers(0, 3) | st.floats(0, 2) | st.lists(st.sampled_from(WORDS), max_size=2)  # fmt: skip
attributes = st.dictionaries(st.sampled_from(KEYS), values, max_size=8)
names = st.sampled_from(["a", "invoke_agent x", "execute_tool y", "chat z", "agent_run [r]", "memory.add"])


def raw(name: str, parent: bool, found: dict[str, Any], resource: Resource, scope: Scope) -> RawSpan:
    return RawSpan(
        "p", "1" * 32, "2" * 16, "3" * 16 if parent else "", "", name, 1, 10, 20, 0, "", found, (), (), resource, scope
    )


@given(
    st.sampled_from(SCOPES),
    attributes,
    attributes,
    st.lists(st.tuples(names, st.booleans(), st.lists(values, min_size=8, max_size=8)), min_size=2, max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_a_warm_canonicalizer_answers_like_a_new_one(
    scope_name: str, resource: dict[str, Any], shape: dict[str, Any], told: list[tuple[str, bool, list[Any]]]
) -> None:
    scope = Scope(scope_name, "1", {}, "")
    warm = Canonicalizer(user_hash_key=b"k")
    for name, parent, found in told:
        # The same keys, other values; each time in objects of their own, as with each request.
        span = raw(name, parent, dict(zip(shape, found, strict=False)), Resource(dict(resource), ""), scope)
        assert warm.canonicalize(span) == Canonicalizer(user_hash_key=b"k").canonicalize(span)


def test_a_full_memory_is_emptied_and_changes_no_answer(monkeypatch: Any) -> None:
    monkeypatch.setattr("quarterdeck.observe.canonical.memory.DECISIONS_MAX", 3)
    warm = Canonicalizer(user_hash_key=b"k")
    resource, scope = Resource({"service.name": "s"}, ""), Scope("x", "1", {}, "")
    for at in (*range(10), *range(10)):
        span = raw("chat", True, {"gen_ai.operation.name": "chat", "gen_ai.agent.name": f"a{at}"}, resource, scope)
        assert warm.canonicalize(span).agent_name == f"a{at}"
        assert sum(map(len, warm._memory._decisions.values())) <= 3


def test_only_words_are_remembered() -> None:
    assert labels.worth_keeping((None, "chat", True, ("gpt-5", "openai")))
    for odd in (True, 1, 1.0, None, "x" * 1_000):
        assert not labels.worth_keeping((None, "chat", True, ("gpt-5", odd)))
    assert not labels.worth_keeping((None, "n" * 1_000, True, ()))
