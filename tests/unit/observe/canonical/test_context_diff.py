"""What changed between two contexts, and what a provider's cache could read of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.canonical.context_diff import (
    MIDDLE_MAX,
    PREVIEW_MAX,
    cache_word,
    compare,
    pieces_of,
    shared_prefix,
    tool_definitions,
)


def say(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


SYSTEM, ASK, ANSWER = say("system", "be brief"), say("user", "hello"), say("assistant", "hi")


def kinds(a: list[Any], b: list[Any], tools: tuple[str | None, str | None] = (None, None)) -> list[str]:
    diff = compare(pieces_of(a, tools[0]), pieces_of(b, tools[1]))
    return [change.kind for change in diff.changes]


def test_a_call_that_resends_its_history_keeps_it_and_adds() -> None:
    diff = compare(pieces_of([SYSTEM, ASK], None), pieces_of([SYSTEM, ASK, ANSWER, say("user", "more")], None))
    assert [change.kind for change in diff.changes] == ["kept", "kept", "added", "added"]
    assert (diff.prefix, diff.prefix_chars, diff.chars_b) == (2, 13, 19)
    assert diff.prefix_share == pytest.approx(13 / 19)


def test_a_cut_in_the_middle_is_removed_and_the_end_is_kept() -> None:
    assert kinds([SYSTEM, ASK, ANSWER, say("user", "x")], [SYSTEM, say("user", "x")]) == [
        "kept", "removed", "removed", "kept",
    ]  # fmt: skip


def test_a_rewritten_message_of_the_same_role_is_edited() -> None:
    diff = compare(pieces_of([SYSTEM, ASK], None), pieces_of([say("system", "be long"), ASK], None))
    assert [(change.kind, change.a, change.b) for change in diff.changes] == [("edited", 0, 0), ("kept", 1, 1)]
    assert (diff.prefix, diff.prefix_share) == (0, 0)


def test_other_tools_break_the_beginning() -> None:
    """Providers read tools first, so what follows cannot be read from a cache."""
    diff = compare(pieces_of([SYSTEM], "[a]"), pieces_of([SYSTEM], "[b]"))
    assert [change.kind for change in diff.changes] == ["edited", "kept"]
    assert diff.prefix == 0


def test_characters_go_to_their_consumer() -> None:
    parts = [
        {"type": "text", "content": "abc"},
        {"type": "tool_call_response", "id": "1", "result": {"a": 1}},
    ]
    call = {"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": "{}"}]}
    mixed, called = pieces_of([{"role": "user", "parts": parts}, call], None)
    assert mixed.chars == {"user": 3, "tool_results": len("{'a': 1}")}
    assert mixed.consumer == "tool_results"
    assert called.chars == {"assistant": len("f {}")}


def test_a_preview_is_short_and_odd_messages_do_no_harm() -> None:
    (long,) = pieces_of([say("user", "x" * 10_000)], None)
    assert len(long.preview) == PREVIEW_MAX
    odd, empty = pieces_of([{"parts": [{"type": "blob", "content": b"\xff"}]}, {"role": "user", "parts": []}], None)
    assert odd.size > 0
    assert (empty.size, empty.consumer) == (0, "user")


def test_a_middle_too_long_to_align_is_told_by_role() -> None:
    a = [say("user", f"a{n}") for n in range(MIDDLE_MAX)]
    b = [say("assistant", f"b{n}") for n in range(MIDDLE_MAX)]
    found = kinds(a, b)
    assert found.count("removed") == found.count("added") == MIDDLE_MAX


messages = st.lists(
    st.builds(say, st.sampled_from(["user", "assistant", "tool"]), st.sampled_from("abcd")), max_size=12
)


@given(messages, messages)
def test_every_message_of_both_sides_is_told_exactly_once(a: list[Any], b: list[Any]) -> None:
    pieces_a, pieces_b = pieces_of(a, None), pieces_of(b, None)
    diff = compare(pieces_a, pieces_b)
    assert sorted(change.a for change in diff.changes if change.a is not None) == list(range(len(a)))
    assert sorted(change.b for change in diff.changes if change.b is not None) == list(range(len(b)))
    for change in diff.changes:
        same = change.a is not None and change.b is not None and pieces_a[change.a].key == pieces_b[change.b].key
        assert same or change.kind != "kept"
    assert diff.prefix == shared_prefix(pieces_a, pieces_b)


@given(messages)
def test_nothing_changes_between_a_context_and_itself(a: list[Any]) -> None:
    assert set(kinds(a, a)) <= {"kept"}


@pytest.mark.parametrize(
    ("share", "tokens", "read", "word"),
    [
        (0.9, 10_000, 8_000, "hit"),
        (0.9, 10_000, 0, "missed"),
        (0.01, 10_000, 0, "broken"),
        (0.9, 500, 0, "short"),
        (0.9, 10_000, None, "unknown"),
        (None, 10_000, 0, "unknown"),
        (0.9, None, 0, "unknown"),
    ],
)
def test_the_word_for_the_cache(share: float | None, tokens: int | None, read: int | None, word: str) -> None:
    assert cache_word(share, tokens, read) == word


def test_tool_definitions_are_found_whichever_way_they_are_written() -> None:
    def raw(**attributes: Any) -> RawSpan:
        resource, scope = Resource({}, ""), Scope("", "", {}, "")
        return RawSpan("p", "a", "b", "", "", "n", 1, 1, 2, 0, "", attributes, (), (), resource, scope)

    assert tool_definitions(raw()) is None
    assert tool_definitions(raw(**{"gen_ai.tool.definitions": '[{"name":"f"}]'})) == '[{"name":"f"}]'
    assert "lookup" in (tool_definitions(raw(**{"llm.tools.0.tool.json_schema": '{"name":"lookup"}'})) or "")
