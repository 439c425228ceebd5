"""What was decided about the bodies (messages, payloads) of a session: kept or not, why, and with which probability."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BodyDecision:
    """One decision; (project, session_key) is its identity.

    `session_key` is the session id, or the run id of a run without a session. `probability` is the inclusion
    probability with which the bodies were kept (1.0 = always kept, None = unknown); it is given for sessions that were
    not kept too, as the chance that they had. `reason` says which rule decided. Times are ns since the epoch.
    """

    project: str
    session_key: str
    kept: bool
    probability: float | None
    reason: str
    stratum: str
    decided_at_ns: int
