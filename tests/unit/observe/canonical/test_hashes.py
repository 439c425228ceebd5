"""Content hashes: equal content, equal hash; bounded memory."""

from __future__ import annotations

import json

from quarterdeck.observe.canonical.hashes import (
    CACHE_MAX,
    HASH_CHARS,
    Hasher,
    content_hash,
    system_of_messages,
    system_text,
)
from quarterdeck.observe.canonical.values import anything, path_reader


def test_keys_do_not_count_by_their_order() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})
    found = content_hash("text")
    assert found is not None
    assert len(found) == HASH_CHARS


def test_what_cannot_be_written_down_has_no_hash() -> None:
    assert content_hash({"a": 2**70}) is None
    assert content_hash("\ud800") is not None


def test_system_texts_in_every_envelope() -> None:
    for value in ("Be brief.", " Be brief.\r\n", '[{"type":"text","content":"Be brief."}]', [{"text": "Be brief."}]):
        assert system_text(value) == "Be brief."
    assert system_text("[not json") == "[not json"
    assert system_text(5) is None


def test_only_a_leading_system_message_counts() -> None:
    system = '{"role": "system", "content": "Be brief."}'
    user = '{"role": "user", "content": "hi"}'
    assert system_of_messages(f"[{system}, {user}]")[0] == "Be brief."
    assert system_of_messages(f"[{user}, {system}]")[0] is None
    assert system_of_messages("text {")[0] is None


def test_a_remembered_opening_is_the_parsed_one() -> None:
    hasher = Hasher(b"k")
    system = {"role": "system", "content": "Be brief. " * 20}
    for question in ("one", "two", "three"):
        text = json.dumps([system, {"role": "user", "content": question}])
        assert hasher.opening(text) == system_of_messages(text)[0]
    other = json.dumps([{"role": "system", "content": "Be brief. " * 20 + "But kind."}])
    assert hasher.opening(other) == ("Be brief. " * 20 + "But kind.")


def test_a_toolset_is_a_set() -> None:
    hasher = Hasher(b"k")
    one, two = '{"name": "a", "x": 1}', '{"x": 2, "name": "b"}'
    first = hasher.toolset(f"[{one},{two}]", anything)
    assert first == hasher.toolset(f"[{two}, {one}]", anything)
    assert first == hasher.toolset([one, two], anything)
    assert first == hasher.toolset(f'{{"function_tools": [{one},{two}]}}', path_reader("function_tools", anything))
    assert first != hasher.toolset(f"[{one}]", anything)
    assert hasher.toolset("[]", anything) is None


def test_users_are_keyed_and_memory_is_bounded() -> None:
    hasher = Hasher(b"k" * 100)
    first = hasher.user("u0")
    for index in range(CACHE_MAX + 5):
        hasher.user(f"u{index}")
    assert hasher.user("u0") == first
    assert len(hasher._users) <= CACHE_MAX


def test_a_prompt_is_its_system_text_and_its_tools() -> None:
    hasher = Hasher(b"k")
    assert hasher.prompt(None, None) is None
    assert hasher.prompt(None, "t") == hasher.prompt("", "t")
    assert hasher.prompt("s", "t") == hasher.prompt("s", "t")
    assert len({hasher.prompt("s", "t"), hasher.prompt("s", None), hasher.prompt("z", "t")}) == 3
