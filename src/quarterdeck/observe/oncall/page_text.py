"""What a page says: judged in ten seconds, without opening anything.

Signal, slice, size with interval, baseline, n; the class and the suspected axis; what became of the last ones; what to do first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import Action, AlertClass, Disposition
from quarterdeck.model.signals import Finding

_LAST = 3
_AXES = {
    "prompt_version": "the prompt",
    "model": "the model",
    "toolset_hash": "the tools",
    "agent_version": "the agent's code",
    "config_hash": "the configuration",
    "provider": "the provider",
    "tool": "a tool",
    "task_class": "the kind of tasks",
    "tenant": "a tenant",
    "feature": "a feature",
    "environment": "an environment",
}
_CLASSES: dict[AlertClass, str] = {
    "policy": "policy or harm",
    "infrastructure": "infrastructure",
    "capability": "capability or format",
    "shift": "shift of a distribution",
    "wobble": "wobble",
}


class PageText(NamedTuple):
    """`title` is one sentence; `lines` what stands below it."""

    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join((self.title, *self.lines))


def page_text(
    alert: Alert, kind: AlertClass, action: Action | None, past: Sequence[Disposition], link: str
) -> PageText:
    """`past`: dispositions of this signature, the newest first."""
    lines = [f"Class: {_CLASSES[kind]}. Suspected: {suspect_of(alert.findings[0])}."]
    if past:
        lines.append("Before: " + "; ".join(_became(one) for one in past[:_LAST]) + ".")
    if action is not None:
        lines.append(f"First: {action.text}" + (f" {action.link}" if action.link else ""))
    return PageText(alert.title, (*lines, link))


def suspect_of(lead: Finding) -> str:
    """The part of the identity that changed, else the attribute of the best slice beyond the cohort, else that nothing points anywhere."""
    if lead.deploy is not None:
        return f"{_AXES.get(lead.deploy.part, lead.deploy.part)} ({lead.deploy.old or 'none'} to {lead.deploy.new})"
    known = {name for name, _ in lead.cohort}
    for name, value in lead.where:
        if name not in known:
            return f"{_AXES.get(name, name)} ({value or 'unknown'})"
    return "nothing in the version or the slices; a change from outside, or of the traffic"


def _became(one: Disposition) -> str:
    kind = one.kind.replace("_", " ")
    refuted = one.ended_because is not None and "refuted" in one.ended_because
    return f"{kind} by {one.by}" + (", refuted since" if refuted else "")
