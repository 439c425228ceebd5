"""The reference page of dialects, written from the tables themselves, so that it cannot say anything else.

`python -m quarterdeck.observe.canonical.reference > docs/reference/dialects.md` renews it; a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping

from quarterdeck.observe.canonical.arithmetic import CONFIDENCES
from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.dialects import DIALECTS
from quarterdeck.observe.canonical.kinds import KINDS
from quarterdeck.observe.canonical.plan import MAPPING_VERSION
from quarterdeck.observe.canonical.precedence import GLOBAL, OWN

_HEAD = f"""# Dialects

Written from the tables in `src/quarterdeck/observe/canonical`; do not edit by hand. Mapping version {MAPPING_VERSION}.

How a span is read: [Canonical form](../design/canonical.md). The first key that says something wins: ours, then the
dialect's own, then the global order.
"""


def render() -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD, *_dialects(), *_own(), *_global(), *_kinds(), *_confidences()])


def _code(words: Iterable[str], separator: str = ", ") -> str:
    return separator.join(f"`{word}`" for word in words) or "–"


def _dialects() -> Iterator[str]:
    yield "## Detection\n"
    yield "By scope name first, then by schema URL, then by telling keys, from top to bottom.\n"
    yield "| dialect | scope | schema | keys |"
    yield "|---|---|---|---|"
    for dialect in DIALECTS:
        scopes = (*dialect.scopes_exact, *(f"{scope}…" for scope in dialect.scopes))
        yield f"| `{dialect.name}` | {_code(scopes)} | {_code(dialect.schemas)} | {_code(dialect.markers)} |"
    for dialect in DIALECTS:
        yield from _one(dialect)


def _one(dialect: Dialect) -> Iterator[str]:
    if not (dialect.fields or dialect.usage_rules or dialect.presence or dialect.name_prefixes or dialect.names):
        return
    yield f"\n### {dialect.name}\n"
    yield from _rules(dialect)
    if dialect.fields:
        yield from _fields(dialect.fields)


def _rules(dialect: Dialect) -> Iterator[str]:
    for rule in dialect.usage_rules:
        where = [*(f"`{key}`" for key in rule.keys), *([f"scope `{rule.scope_prefix}`"] if rule.scope_prefix else [])]
        yield f"- Usage of {_code(rule.kinds)}{' with ' + ', '.join(where) if where else ''}: `{rule.scope}`."
    for key, kind in dialect.presence:
        yield f"- A span with `{key}` and no word for its kind: `{kind}`."
    for prefix, kind in dialect.name_prefixes:
        yield f"- A span whose name begins with `{prefix}`: `{kind}`."
    if dialect.input_excludes_cache:
        yield "- Input is reported without cache tokens; they are added."
    if dialect.input_includes_cache:
        yield "- Input is known to have cache tokens in it."
    for name, kind in dialect.names.items():
        yield f"- A span named `{name}` and without a word for its kind: `{kind}`."
    for scope in dialect.recounts:
        yield f"- Streams of scope `{scope}` are counted too high; another view of the same call wins."
    if dialect.root_chain_is_workflow:
        yield "- A chain at the root is a `workflow`."
    yield ""


def _fields(fields: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield "| field | keys, in order |"
    yield "|---|---|"
    for name, keys in fields.items():
        yield f"| `{name}` | {_code(keys)} |"


def _own() -> Iterator[str]:
    yield "\n## Attributes of our own\n"
    yield "| field | key |"
    yield "|---|---|"
    for name, key in OWN.items():
        yield f"| `{name.removesuffix('_own')}` | `{key}` |"


def _global() -> Iterator[str]:
    yield "\n## Global order\n"
    yield from _fields(GLOBAL)


def _kinds() -> Iterator[str]:
    yield "\n## Words for kinds\n"
    yield "| key | words |"
    yield "|---|---|"
    for key, words in KINDS.items():
        yield f"| `{key}` | {', '.join(f'`{word}` → {kind}' for word, kind in words.items())} |"


def _confidences() -> Iterator[str]:
    yield "\n## usage_confidence\n"
    yield "| word | meaning |"
    yield "|---|---|"
    for word, meaning in CONFIDENCES.items():
        yield f"| `{word}` | {meaning} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(render())
