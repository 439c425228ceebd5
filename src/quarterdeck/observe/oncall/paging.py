"""Whether an alert pages now: a list of rules of which the first that answers wins, with its reason.

Pure. Refuses: to lower anything because it was dismissed before.
"""

from __future__ import annotations

from dataclasses import dataclass

from quarterdeck.model.alerts import AlertState
from quarterdeck.model.oncall import Action, AlertClass, Paging


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known when it is decided. Texts name what holds; None = nothing does.

    `muted`: whose mute; `canary_refuted`: the mute's canary found it worse than when it was muted. `paged`: pages of this shift so far.
    """

    state: AlertState
    kind: AlertClass
    action: Action | None
    paged: int
    pages_per_shift: int
    muted: str | None = None
    canary_refuted: bool = False
    snoozed: str | None = None
    merged_into: str | None = None
    inhibited_by: str | None = None
    harmless: str | None = None
    dismissed_before: int = 0


def decide(now: Standing) -> Paging:
    """`page`, `batch`, `hold` or `list`."""
    if now.state != "firing":
        return Paging("list", f"it is {now.state}")
    if now.kind == "policy":
        return Paging("page", "policy or harm: at once, outside every budget")
    return _not_at_all(now) or _held(now) or _within_budget(now)


def _not_at_all(now: Standing) -> Paging | None:
    if now.kind == "wobble":
        return Paging("list", "a wobble: too few runs to wake anybody")
    if now.action is None:
        return Paging("batch", "no first action is known for it, so it cannot page", defect=True)
    return None


def _held(now: Standing) -> Paging | None:
    """In the order of who can end it soonest."""
    if now.muted is not None and not now.canary_refuted:
        return Paging("hold", f"muted by {now.muted}")
    if now.snoozed is not None:
        return Paging("hold", f"asleep until {now.snoozed}")
    if now.merged_into is not None:
        return Paging("hold", f"a duplicate of {now.merged_into}")
    if now.inhibited_by is not None:
        return Paging("hold", f"explained by {now.inhibited_by} while that fires")
    return Paging("list", f"graded harmless: {now.harmless}") if now.harmless is not None else None


def _within_budget(now: Standing) -> Paging:
    if now.kind != "infrastructure" and now.paged >= now.pages_per_shift:
        reason = f"{now.paged} pages in this shift already, {now.pages_per_shift} allowed"
        return Paging("batch", reason, defect=True)
    before = f"; dismissed {now.dismissed_before} times before" if now.dismissed_before else ""
    through = (
        "worse than when it was muted, so it pages through the mute" if now.muted else "firing, and somebody can act"
    )
    return Paging("page", through + before)
