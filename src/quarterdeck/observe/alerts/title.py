"""The one sentence of an alert: who, what got worse, from what to what, how sure.

Refuses: adjectives. A reader who knows nothing yet gets numbers and names.
"""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.model.signals import Finding, Keys
from quarterdeck.observe.alerts.numbers import change_words, evidence_words, value_words

_TEXT_MAX = 80
"""Of one value; a label that a producer wrote may be long."""

_VERBS = {
    "failing": "fails more",
    "tokens": "uses more tokens",
    "cost": "costs more",
    "duration": "takes longer",
    "retries": "retries more",
    "loop": "loops more often",
    "lost": "is lost more often",
    "guardrail": "meets its guardrails more often",
    "refusal": "refuses more often",
    "schema_invalid": "gives invalid output more often",
    "errors_inside": "has more errors inside",
    "escalation": "escalates more often",
    "truncated": "is cut off more often",
    "tool_errors": "has more failing tool calls",
    "model_calls": "makes more model calls",
    "tool_calls": "makes more tool calls",
    "cache_miss": "misses the cache more",
}
_PHRASES = {
    "agent_version": "version {}",
    "prompt_version": "prompt {}",
    "model": "model {}",
    "provider": "provider {}",
    "toolset_hash": "toolset {}",
    "config_hash": "configuration {}",
    "feature": "feature {}",
    "task_class": "task {}",
    "tenant": "tenant {}",
    "tool": "tool {}",
}


def title_of(findings: Sequence[Finding]) -> str:
    """The sentence of the first finding, and the names of the other signals that reached their thresholds.

    Facts about live runs and budgets come with a sentence of their own.
    """
    lead = findings[0]
    if lead.kind != "regression":
        return lead.title
    others = dict.fromkeys(
        other.title for other in findings[1:] if other.signal != lead.signal and other.state in ("reached", "recovered")
    )
    also = f"; also {', '.join(others)}" if others else ""
    return f"{sentence(lead)}{also}"


def sentence(finding: Finding) -> str:
    """`support-agent with prompt v7 fails more than v6: 31 % against 12 % (+14 to +25 points, 212 runs, evidence ...)`."""
    details = [change_words(finding), f"{finding.n:,} runs", evidence_words(finding)]
    values = f"{value_words(finding, finding.now)} against {value_words(finding, finding.before)}{_unit(finding)}"
    return f"{_subject(finding)} {_verb(finding)} {_than(finding)}: {values} ({', '.join(d for d in details if d)})"


def words_of(finding: Finding) -> str:
    """The finding in an event: `tokens: 9,400 against 3,100 tokens/run, evidence ...`."""
    return finding.title if finding.kind != "regression" else f"{values_of(finding)}, {evidence_words(finding)}"


def values_of(finding: Finding) -> str:
    """`tokens: 9,400 against 3,100 tokens/run`."""
    values = f"{value_words(finding, finding.now)} against {value_words(finding, finding.before)}"
    return f"{finding.title}: {values}{_unit(finding)}"


def subject_of(where: Keys) -> str:
    """A slice in words: `support-agent in production with prompt v7`; `the whole fleet` for ()."""
    if not where:
        return "the whole fleet"
    values = dict(where)
    words = [_short(values.pop("agent", None) or "") or "every agent"]
    environment = values.pop("environment", None)
    if environment:
        words.append(f"in {_short(environment)}")
    parts = [_phrase(name, value) for name, value in values.items()]
    return " ".join([*words, f"with {' and '.join(parts)}"] if parts else words)


def _subject(finding: Finding) -> str:
    return subject_of(finding.deploy.where if finding.deploy is not None else finding.where)


def _verb(finding: Finding) -> str:
    if finding.signal.startswith("score:"):
        return f"does worse on {_short(finding.signal.removeprefix('score:'))}"
    return _VERBS.get(finding.signal, f"is worse in {_short(finding.title)}")


def _than(finding: Finding) -> str:
    if finding.deploy is None:
        return "than usual"
    return f"than {_short(finding.deploy.old)}" if finding.deploy.old else "than before"


def _unit(finding: Finding) -> str:
    return f" {finding.unit}" if finding.unit.endswith("/run") and not finding.unit.startswith("$") else ""


def _phrase(name: str, value: str | None) -> str:
    pattern = _PHRASES.get(name, name + " {}")
    return pattern.format("unknown" if value is None else _short(value))


def _short(text: str) -> str:
    """On one line and bounded: titles go to pagers."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEXT_MAX else f"{flat[: _TEXT_MAX - 1]}…"
