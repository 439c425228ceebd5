"""Labels: the attributes whose few words decide a span's kind and names.

Spans of one producer say the same words again and again, so what the words decide is worked out once per combination
and remembered (`Canonicalizer`). A rule that is remembered may look at labels, the span's name, whether it has a
parent, its plan and its origin, and at nothing else; a test holds it to that. Refuses to remember long texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from quarterdeck.observe.canonical.values import TEXT_MAX

LABEL_FIELDS = frozenset(
    {"agent_name", "agent_version", "environment", "model_request", "model_response", "provider", "tool_name", "workflow_name"}
)  # fmt: skip
"""Fields that are read with the labels: few values each, and kind and names need some of them."""

DECISIONS_MAX = 8_192
"""Remembered rows of one canonicalizer (about 600 bytes each); when full all are dropped and decided again."""

Labels = Callable[[Mapping[str, Any]], tuple[Any, ...]]
"""The values of a shape's labels, from the attributes of a span of that shape."""

Key = tuple[Any, str, bool, tuple[Any, ...]]
"""(plan, span name, whether it is a root, values of the labels)."""


def labels_of(keys: Sequence[str]) -> Labels:
    """How to take the values of `keys`, each of which is there."""
    if not keys:
        return lambda _: ()
    if len(keys) == 1:
        (only,) = keys
        return lambda attributes: (attributes[only],)
    return itemgetter(*keys)


def worth_keeping(key: Key) -> bool:
    """Whether what was decided for `key` may be remembered: words only (1 and True are equal and mean two things)."""
    _, name, _, labels = key
    return len(name) <= TEXT_MAX and all(type(label) is str and len(label) <= TEXT_MAX for label in labels)
