"""What the API asks of drills, and what all of them together say.

Refuses: a rate without its number and interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from quarterdeck.api.times import rfc3339_or_none
from quarterdeck.api.wire.common import rate
from quarterdeck.errors import NotFound
from quarterdeck.model.drills import Drill, DrillKind

if TYPE_CHECKING:
    from quarterdeck.api.services import ApiServices

_DAY_NS = 86_400 * 10**9


class Drills(Protocol):
    """Drills of a server, by project. `required_days`: one is to be passed so often, None = none is asked for."""

    @property
    def required_days(self) -> float | None: ...

    def begin(self, project: str, *, kind: DrillKind, size: float | None, by: str) -> Drill:
        """Starts one and returns at once. Raises BadInput, Overloaded while another is under way."""
        ...

    def get(self, project: str, drill_id: str) -> Drill:
        """Raises NotFound."""
        ...

    def drills(self, project: str) -> list[Drill]:
        """The newest first."""
        ...


def drills_of(services: ApiServices) -> Drills:
    """Raises NotFound on a server that does not watch the fleet."""
    if services.drills is None:
        raise NotFound("this server does not watch the fleet", mend="set watch.enabled to true and start it again")
    return services.drills


def rates(drills: Sequence[Drill]) -> dict[str, Any]:
    """`detection`: regressions that were found; `false_escalation`: noise of which an alert fired. None of none.

    Drills that failed or are under way count nowhere.
    """
    found = sum(one.state == "found" for one in drills)
    real = sum(one.kind == "regression" and one.state in ("found", "missed", "escalated") for one in drills)
    false = sum(one.kind == "noise" and one.state == "escalated" for one in drills)
    noise = sum(one.kind == "noise" and one.state in ("quiet", "escalated") for one in drills)
    return {"detection": rate(found, real), "false_escalation": rate(false, noise)}


def readiness(drills: Sequence[Drill], required_days: float | None, now_ns: int) -> dict[str, Any]:
    """Whether a drill was passed lately: {passed_at, due, in_words}. `due` is None where none is required."""
    passed = max((one.started_ns for one in drills if one.state in ("found", "quiet")), default=None)
    days = None if passed is None else (now_ns - passed) / _DAY_NS
    due = None if required_days is None else days is None or days > required_days
    return {"passed_at": rfc3339_or_none(passed), "due": due, "in_words": _ready_words(days, required_days, due=due)}


def _ready_words(days: float | None, required_days: float | None, *, due: bool | None) -> str:
    last = "No drill was passed yet." if days is None else f"The last drill was passed {days:.1f} days ago."
    if due is None:
        return last
    asked = f"One is asked for every {required_days:g} days"
    return f"{last} {asked}: {'it is due, run `quarterdeck drills run`.' if due else 'it is not due.'}"
