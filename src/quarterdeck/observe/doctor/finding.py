"""A finding: something in the telemetry that would mislead its readers, with its numbers and the setting that mends it.

Refuses: a finding without evidence, and one that does not say what to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["info", "warning", "error"]

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend. `code` is stable; `evidence` holds the numbers, each with its n; `mend` names the setting to change."""

    code: str
    severity: Severity
    what: str
    evidence: Mapping[str, Any]
    mend: str


def worst_first(found: Iterable[Finding | None]) -> list[Finding]:
    """The findings there are, errors before warnings before infos, else in the order given."""
    return sorted((finding for finding in found if finding is not None), key=lambda finding: _ORDER[finding.severity])


def percent(share: float) -> str:
    """E.g. `9.8 %`."""
    return f"{share * 100:.1f}".removesuffix(".0") + " %"
