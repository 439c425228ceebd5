"""Rename any one attribute of any golden span: the report names it, or nothing that is counted has changed.

This is the drift that makes bills wrong elsewhere: an upstream rename that nobody sees.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.canonical.known_keys import FAMILIES

from . import golden

RENAMES: dict[str, Callable[[str], str]] = {
    "suffix": lambda key: f"{key}_renamed",
    "version": lambda key: f"{key}.v2",
    "vendor": lambda key: f"acme.{key}",
    "inside": lambda key: key.replace(".", ".x_", 1) if "." in key else f"{key}_x",
}

COUNTED = (
    "op_kind", "provider", "model_request", "model_response", "response_id", "session_id", "tokens_input",
    "tokens_output", "tokens_cache_read", "tokens_cache_write", "tokens_reasoning", "cost_reported_usd", "usage_scope",
    "agent_name", "tool_name", "tool_call_id", "user_hash",
)  # fmt: skip
"""Fields that a total, a price or a group depends on."""

TOKENS = ("tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write", "tokens_reasoning")

COUNTS = re.compile("usage|token")

BARE_WORDS = {"model", "tools", "metadata"}
"""Words that everybody uses: told only while they stand at the beginning of a key of the dialect that reads them."""


def mapped(raw: RawSpan) -> tuple[Span, set[str]]:
    canonicalizer = Canonicalizer(user_hash_key=golden.KEY)
    span = canonicalizer.canonicalize(raw)
    return span, {item.key for item in canonicalizer.drain_unmapped(1)}


def renamed(raw: RawSpan, key: str, rename: Callable[[str], str]) -> tuple[RawSpan, str]:
    new = rename(key)
    return raw._replace(attributes={new if name == key else name: value for name, value in raw.attributes.items()}), new


def changed(before: Span, after: Span) -> dict[str, Any]:
    return {
        name: (getattr(before, name), getattr(after, name))
        for name in COUNTED
        if getattr(before, name) != getattr(after, name)
    }


@pytest.mark.parametrize("how", RENAMES)
@pytest.mark.parametrize("name", golden.names())
def test_a_renamed_key_is_told_or_changes_nothing(name: str, how: str) -> None:
    silent: list[Any] = []
    for raw in golden.spans(name):
        before, told_before = mapped(raw)
        for key in raw.attributes:
            if (how == "inside" and not key.startswith(FAMILIES)) or (
                how in ("vendor", "version") and key in BARE_WORDS
            ):
                continue  # no family, and no key that is read, is left in it
            other, new = renamed(raw, key, RENAMES[how])
            after, told = mapped(other)
            difference = changed(before, after)
            if difference and not told - told_before:
                silent.append((raw.name, new, difference))
    assert silent == []


@pytest.mark.parametrize("how", ["suffix", "vendor"])
@pytest.mark.parametrize("name", golden.names())
def test_totals_never_change_silently(name: str, how: str) -> None:
    """A span that lost a part of its usage says so in its own confidence, not only in the report."""
    for raw in golden.spans(name):
        before, _ = mapped(raw)
        for key in filter(COUNTS.search, raw.attributes):
            other, new = renamed(raw, key, RENAMES[how])
            after, _ = mapped(other)
            if any(getattr(before, field) != getattr(after, field) for field in TOKENS):
                assert after.usage_confidence != "exact" or before.tokens_input == after.tokens_input, (raw.name, new)
