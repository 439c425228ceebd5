"""Privacy and the life of data: rules and counts, retention, erasures, jobs over history, pages of an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.model.erasure import Erasure
from quarterdeck.observe.privacy.counts import PrivacyCounts
from quarterdeck.observe.privacy.options import PrivacyOptions
from quarterdeck.observe.upkeep.again import Job, Totals
from quarterdeck.observe.upkeep.retention import Removed, RetentionState


class PrivacyOut(BaseModel):
    """What is taken out at the door, and how often since the start. Patterns are named, not shown."""

    rules: list[str]
    own_rules: list[str]
    own_names: int
    secret_names: bool
    keyed: list[str]
    keep_user_ids: bool
    capture: Literal["on", "off", "sampled"]
    capture_share: float | None = Field(description="With `sampled`: the share of sessions whose content is kept.")
    redacted: dict[str, int] = Field(description="Matches by rule.")
    spans_user_hashed: int
    spans_content_dropped: int
    spans_erased_refused: int = Field(description="Late spans of what was erased on demand.")
    tombstones: int


def privacy_dict(options: PrivacyOptions, project: str, counts: PrivacyCounts, tombstones: int) -> dict[str, Any]:
    mode, share = options.capture_of(project)
    return {
        "rules": list(options.rules),
        "own_rules": sorted(options.patterns),
        "own_names": len(options.names),
        "secret_names": options.secret_names,
        "keyed": sorted(options.keyed),
        "keep_user_ids": options.keeps_user_ids(project),
        "capture": mode,
        "capture_share": share if mode == "sampled" else None,
        "redacted": counts.redacted,
        "spans_user_hashed": counts.user_ids_hashed,
        "spans_content_dropped": counts.content_dropped,
        "spans_erased_refused": counts.erased_refused,
        "tombstones": tombstones,
    }


class RemovedOut(BaseModel):
    """What retention took. In a dry run `bodies`, `runs` and `rollups` are null: only the removal counts them."""

    bodies: int | None
    spans: int
    traces: int
    runs: int | None
    rollups: int | None


class RetentionOut(BaseModel):
    """How long each class stays (null = for ever), and what went since the start."""

    days: dict[str, float | None]
    tombstones_days: float
    every_s: float
    last_round_at: str | None
    running: bool
    removed: RemovedOut
    error: str | None


class RetentionRunIn(BaseModel):
    """Run retention now, or only say what it would take."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False


class RetentionRunOut(BaseModel):
    """What a round took, or would take."""

    dry_run: bool
    removed: RemovedOut


def removed_dict(removed: Removed, *, dry_run: bool = False) -> dict[str, Any]:
    known = removed._asdict()
    return known | {"bodies": None, "runs": None, "rollups": None} if dry_run else known


def retention_dict(
    days: Mapping[str, float], state: RetentionState, *, tombstones_days: float, every_s: float
) -> dict[str, Any]:
    return {
        "days": {name: value or None for name, value in days.items()},
        "tombstones_days": tombstones_days,
        "every_s": every_s,
        "last_round_at": rfc3339_or_none(state.last_round_ns),
        "running": state.running,
        "removed": removed_dict(state.removed),
        "error": state.error,
    }


class ErasureOut(BaseModel):
    """What an erasure removed. `traces` counts those that are gone whole."""

    kind: Literal["session", "user"]
    sessions: int
    traces: int
    runs: int
    spans: int
    bodies: int


def erasure_dict(erasure: Erasure) -> dict[str, Any]:
    return {name: getattr(erasure, name) for name in ErasureOut.model_fields}


class UpkeepIn(BaseModel):
    """`remap`: map stored spans by the present tables. `reprice`: build runs with the present prices."""

    model_config = ConfigDict(extra="forbid")

    act: Literal["remap", "reprice"]


class TotalsOut(BaseModel):
    """Sums over the runs that know; null when none does."""

    runs: int
    tokens: int | None
    cost_usd: float | None


class JobOut(BaseModel):
    """A job over history. `spans` and `runs` were looked at; `*_changed` differ now."""

    act: Literal["remap", "reprice"]
    state: Literal["running", "done", "failed", "stopped"]
    started_at: str
    ended_at: str | None
    spans: int
    spans_changed: int
    runs: int
    runs_changed: int
    before: TotalsOut | None
    after: TotalsOut | None
    error: str | None


class UpkeepOut(BaseModel):
    """The job of this project that runs or ran last since the start; null when none did."""

    job: JobOut | None


def job_dict(job: Job) -> dict[str, Any]:
    counts = ("spans", "spans_changed", "runs", "runs_changed")
    return {
        "act": job.act,
        "state": job.state,
        "started_at": rfc3339(job.started_at_ns),
        "ended_at": rfc3339_or_none(job.ended_at_ns),
        **{name: getattr(job, name) for name in counts},
        "before": _totals(job.before),
        "after": _totals(job.after),
        "error": job.error,
    }


def _totals(totals: Totals | None) -> dict[str, Any] | None:
    return None if totals is None else totals._asdict()


class ExportOut(BaseModel):
    """One page of an export: OTLP JSON `resourceSpans`, or canonical spans; in the order in which they were committed."""

    items: list[dict[str, Any]]
    spans: int = Field(description="Spans on this page.")
    next_cursor: str | None


def export_dict(items: Sequence[dict[str, Any]], spans: int, next_cursor: str | None) -> dict[str, Any]:
    return {"items": list(items), "spans": spans, "next_cursor": next_cursor}
