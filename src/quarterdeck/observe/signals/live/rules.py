"""The rules about live runs: what is seen at each look, who is told when, and when it is over.

Pure: runs and the time come in, findings go out; what is remembered is bounded by `causes_max`. One alert per cause: the
agent, its prompt version and the kind. Refuses: to tell of a transient, and to call something over that was seen just now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast, get_args

from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding, Keys
from quarterdeck.observe.signals.live.baselines import Baselines
from quarterdeck.observe.signals.live.causes import Cause, CauseKind, Sighting, sightings, tells
from quarterdeck.observe.signals.live.findings import finding_of, over_of, said, stream_id_of
from quarterdeck.observe.signals.live.options import LiveOptions

_DEFAULTS = LiveOptions()
_GROWN = 2.0
"""A cause that is told already is told again when its runs or its dollars have doubled."""


class StopRequest(NamedTuple):
    """What admission is asked: no further calls for the runs of `where` until `until_ns`."""

    project: str
    where: Keys
    reason: str
    until_ns: int
    stream_id: str


@dataclass(slots=True)
class _Followed:
    """A cause while it lasts. `told` is the last finding that went out; None while it is still a transient."""

    first_ns: int
    last_ns: int
    told: Finding | None = None
    told_ns: int = 0
    asked_until_ns: int = 0


class LiveRules:
    """Call `take_over` with each run that is over, once, and `look` with all live runs every few seconds."""

    def __init__(self, options: LiveOptions = _DEFAULTS) -> None:
        self._options = options
        self._usual = Baselines(options.baseline_runs)
        self._followed: dict[Cause, _Followed] = {}
        self._stops: list[StopRequest] = []

    def dump(self) -> bytes:
        """What is usual, as bytes for `load`. What is followed comes back with `resume`."""
        return self._usual.dump()

    def load(self, data: bytes) -> None:
        """Take up what `dump` gave. Raises BadFile for another form; nothing is changed then."""
        self._usual.load(data)

    def resume(self, findings: Sequence[Finding], now_ns: int) -> None:
        """After a restart: what open alerts say is still going on, so that its end can be told. Others are passed over."""
        for finding in findings:
            cause = _cause_of(finding)
            if cause is not None and finding.state == "reached":
                self._followed[cause] = _Followed(now_ns, now_ns, finding, now_ns)

    def take_over(self, run: Run) -> None:
        """Learn what is usual from a run that is over. What runs away is not, while somebody is told of it."""
        followed = self._followed.get(Cause(run.project, "runaway", run.agent, run.prompt_version))
        if followed is None or followed.told is None:
            self._usual.learn(run)

    def look(self, runs: Sequence[Run], now_ns: int) -> list[Finding]:
        """What is new: causes that lasted long enough, those that doubled, those that are over. Most wasteful first.

        `runs`: all live runs of all projects.
        """
        findings: list[Finding] = []
        for sighting in sightings(runs, now_ns, self._usual, self._options):
            finding = self._see(sighting, now_ns)
            if finding is not None:
                findings.append(finding)
        return findings + self._end(now_ns)

    def stops(self) -> list[StopRequest]:
        """What admission is to be asked since the last call; `heard` takes the answer."""
        stops, self._stops = self._stops, []
        return stops

    def heard(self, request: StopRequest, stopped: bool | None, now_ns: int) -> Finding | None:
        """The finding with what came of the request: True stopped, False refused, None there was nobody to ask.

        None when the cause is over meanwhile.
        """
        for followed in self._followed.values():
            if followed.told is not None and followed.told.stream_id == request.stream_id:
                return said(followed.told, _ANSWERS[stopped], now_ns)
        return None

    def _see(self, sighting: Sighting, now_ns: int) -> Finding | None:
        options, followed = self._options, self._followed.get(sighting.cause)
        if followed is None or followed.told is None:
            if not tells(sighting, options):
                return None
            if followed is None and len(self._followed) >= options.causes_max:
                return None
        followed = self._followed.setdefault(sighting.cause, _Followed(now_ns, now_ns))
        followed.last_ns = now_ns
        if followed.told is not None:
            self._ask(sighting, followed, now_ns)
            if not _doubled(followed.told, sighting):
                return None
        elif now_ns - followed.first_ns < options.persist_s * 1e9:
            return None
        else:
            followed.told_ns = now_ns
        followed.told = finding_of(sighting, "reached", now_ns, options)
        return followed.told

    def _ask(self, sighting: Sighting, followed: _Followed, now_ns: int) -> None:
        options = self._options
        due = now_ns - followed.told_ns >= options.breaker_after_s * 1e9 and now_ns >= followed.asked_until_ns
        if not options.breaker or sighting.cause.kind != "runaway" or not due:
            return
        until_ns = now_ns + int(options.breaker_hold_s * 1e9)
        finding = finding_of(sighting, "reached", now_ns, options)
        followed.asked_until_ns = until_ns
        self._stops.append(
            StopRequest(sighting.cause.project, finding.where, finding.title, until_ns, finding.stream_id)
        )

    def _end(self, now_ns: int) -> list[Finding]:
        """Transients that are gone are forgotten; what was told and not seen for `recover_s` is over."""
        over: list[Finding] = []
        for cause, followed in list(self._followed.items()):
            unseen_ns = now_ns - followed.last_ns
            if followed.told is None and unseen_ns > 0:
                del self._followed[cause]
            elif followed.told is not None and unseen_ns >= self._options.recover_s * 1e9:
                over.append(over_of(followed.told, now_ns))
                del self._followed[cause]
        return over


_ANSWERS: dict[bool | None, str] = {
    True: "admission stops it",
    False: "admission was asked to stop it and did not",
    None: "nothing could be stopped: no admission is connected",
}


def _doubled(told: Finding, sighting: Sighting) -> bool:
    if len(sighting.suspects) >= _GROWN * told.n:
        return True
    wasted = sighting.wasted_usd
    return wasted is not None and told.wasted_usd is not None and wasted >= _GROWN * max(told.wasted_usd, 0.01)


def _cause_of(finding: Finding) -> Cause | None:
    if finding.lane != "live" or finding.kind not in get_args(CauseKind):
        return None
    where = dict(finding.where)
    cause = Cause(finding.project, cast("CauseKind", finding.kind), where.get("agent"), where.get("prompt_version"))
    return cause if stream_id_of(cause) == finding.stream_id else None
