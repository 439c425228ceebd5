"""Takes secrets out of values: text by the rules, whole values by their attribute's name. Pure but for its counts.

A match becomes `<redacted:rule>`, or `<hash:…>` for a keyed rule. Text is searched as UTF-8 bytes. Structure is kept:
lists and maps keep their shape, only the parts that match go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from quarterdeck.observe.privacy.engine import compile_pattern, to_bytes, to_text
from quarterdeck.observe.privacy.names import is_secret_name, named_by
from quarterdeck.observe.privacy.options import PrivacyOptions
from quarterdeck.observe.privacy.prefilter import OWN, Prefilter, rule_mark
from quarterdeck.observe.privacy.rules import BY_NAME, SHIPPED

OWN_NAME = "own_name"
"""The rule under which values are counted that went for an attribute name in the settings."""
NAMES_CACHED_MAX = 20_000
DEPTH_MAX = 64
"""Nesting that is followed; what lies deeper goes as a whole, since nobody looked at it."""
TOO_DEEP = "too_deep"

Note = Callable[[str], None]


class _Compiled(NamedTuple):
    name: str
    pattern: Any
    group: int
    check: Callable[[bytes], bool] | None
    mark: int


class Redactor:
    """The rules in force, compiled once. `keyed_hash` gives the hash under the data folder's key."""

    def __init__(self, options: PrivacyOptions, keyed_hash: Callable[[str], str], prefilter: Prefilter) -> None:
        self._hash = keyed_hash
        self._prefilter = prefilter
        self._keyed = frozenset(options.keyed)
        self._rules = _compiled(options)
        self._own_names = named_by(options.names) if options.names else None
        self._secret_names = options.secret_names
        self._verdicts: dict[str, str | None] = {}

    def name_rule(self, name: str) -> str | None:
        """The rule by which the value of an attribute of this name goes; None when it may stay."""
        if name in self._verdicts:
            return self._verdicts[name]
        verdict = None
        if self._own_names is not None and self._own_names.match(name):
            verdict = OWN_NAME
        elif self._secret_names and is_secret_name(name):
            verdict = BY_NAME
        if len(self._verdicts) >= NAMES_CACHED_MAX:
            self._verdicts.clear()
        self._verdicts[name] = verdict
        return verdict

    def mapping(self, attributes: dict[str, Any], note: Note, depth: int = 0) -> dict[str, Any]:
        """The attributes without what must go; the same object when nothing does."""
        changed: dict[str, Any] = {}
        for key, value in attributes.items():
            rule = self.name_rule(key)
            kept = value if rule is None or value is None or isinstance(value, bool) else self._gone(rule, value, note)
            if kept is value:
                kept = self.value(value, note, depth)
            if kept is not value:
                changed[key] = kept
        return {**attributes, **changed} if changed else attributes

    def value(self, value: Any, note: Note, depth: int = 0) -> Any:
        """Any attribute value without what must go; the same object when nothing does."""
        if isinstance(value, str):
            return self.text(value, note)
        if isinstance(value, bytes):
            data = self._bytes(value, note)
            return data if data is not None else value
        if isinstance(value, dict | list) and depth >= DEPTH_MAX:
            return self._gone(TOO_DEEP, value, note)
        if isinstance(value, dict):
            return self.mapping(value, note, depth + 1)
        if type(value) in (list, tuple):
            items = [self.value(item, note, depth + 1) for item in value]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
        return value

    def text(self, text: str, note: Note) -> str:
        """Text without what must go; the same object when nothing does."""
        found = self._bytes(to_bytes(text), note)
        return text if found is None else to_text(found)

    def _bytes(self, data: bytes, note: Note) -> bytes | None:
        """What is left of UTF-8 bytes, None when nothing goes."""
        marks = self._prefilter.marks(data)
        if not marks:
            return None
        changed = False
        for rule in self._rules:
            left = self._without(rule, data, note) if marks & rule.mark else None
            if left is not None:
                data, changed = left, True
        return data if changed else None

    def _without(self, rule: _Compiled, data: bytes, note: Note) -> bytes | None:
        """The bytes without what one rule matches, None when it matches nothing."""
        cut: list[bytes] = []
        at = 0
        for found in rule.pattern.finditer(data):
            start, end = found.span(rule.group)
            if start < 0 or not self._counts(rule, data[start:end]):
                continue
            note(rule.name)
            cut += (data[at:start], self._mark(rule.name, data[start:end]).encode())
            at = end
        return b"".join((*cut, data[at:])) if cut else None

    @staticmethod
    def _counts(rule: _Compiled, found: bytes) -> bool:
        """Whether a match is one: it passes its check and is no mark of an earlier rule."""
        if found.startswith((b"<redacted:", b"<hash:")):
            return False
        return rule.check is None or rule.check(found)

    def _gone(self, rule: str, value: Any, note: Note) -> Any:
        """What stands for a value that goes for its attribute's name; a mark stays as it is."""
        text = value if isinstance(value, str) else repr(value)
        if text.startswith(("<redacted:", "<hash:")) and text.endswith(">"):
            return value
        note(rule)
        return self._mark(rule, to_bytes(text))

    def _mark(self, rule: str, found: bytes) -> str:
        if rule in self._keyed:
            return f"<hash:{self._hash(to_text_loosely(found))}>"
        return f"<redacted:{rule}>"


def to_text_loosely(data: bytes) -> str:
    """Text of bytes that a pattern cut out, whatever they are."""
    try:
        return to_text(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _compiled(options: PrivacyOptions) -> Sequence[_Compiled]:
    shipped = [SHIPPED[name] for name in options.rules]
    return [
        *(
            _Compiled(rule.name, compile_pattern(rule.name, rule.pattern), rule.group, rule.check, rule_mark(number))
            for number, rule in enumerate(shipped)
        ),
        *(_Compiled(name, compile_pattern(name, pattern), 0, None, OWN) for name, pattern in options.patterns.items()),
    ]
