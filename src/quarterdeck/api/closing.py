"""What closing an alert rests on: its newest probe, the other alert, the incident. A name of something that is not there is no evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from quarterdeck.api.oncall import desk_of
from quarterdeck.api.services import ApiServices, alerts_of, incidents_of, probes_of
from quarterdeck.api.wire.disposition import CloseIn
from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.oncall import DispositionKind
from quarterdeck.observe.oncall.choices import Choice, ProbeFacts, choices_of
from quarterdeck.observe.oncall.dispositions import Asked

T = TypeVar("T")
_PROBES_READ = 50


def choices_now(services: ApiServices, project: str, alert_id: str) -> Sequence[Choice]:
    """Every disposition as it would be now. Raises NotFound."""
    desk, now_ns = desk_of(services), services.clock.now_ns()
    alert = alerts_of(services).get_alert(project, alert_id)
    return choices_of(
        alert, desk.dispositions(project), _newest_probe(services, project, alert_id), now_ns, desk.options
    )


def asked_of(services: ApiServices, project: str, alert_id: str, given: CloseIn, kind: DispositionKind) -> Asked:
    """What is asked for, with what the probe found. Raises BadInput for evidence that is not there."""
    if given.other_alert_id is not None:
        _there("other_alert_id", lambda: alerts_of(services).get_alert(project, str(given.other_alert_id)))
    if given.incident_id is not None:
        _there("incident_id", lambda: incidents_of(services).get(project, str(given.incident_id)))
    probe = None if given.probe_id is None else _probe(services, project, alert_id, given.probe_id)
    return Asked(
        kind=kind,
        probe_verdict=None if probe is None else probe.verdict,
        probe_at_ns=None if probe is None else probe.at_ns,
        **given.model_dump(exclude={"as_"}),
    )


def _newest_probe(services: ApiServices, project: str, alert_id: str) -> ProbeFacts | None:
    if services.probes is None:
        return None
    found, _ = services.probes.listed(project, alert_id, cursor=None, limit=_PROBES_READ)
    for one in found:
        if one.verdict is not None and one.ended_ns is not None:
            return ProbeFacts(one.probe_id, one.verdict, one.ended_ns)
    return None


def _probe(services: ApiServices, project: str, alert_id: str, probe_id: str) -> ProbeFacts:
    probe = _there("probe_id", lambda: probes_of(services).get(project, probe_id))
    if probe.alert_id != alert_id:
        raise BadInput(f"probe_id: the probe {probe_id} is of another alert, {probe.alert_id}")
    if probe.verdict is None or probe.ended_ns is None:
        raise BadInput(f"probe_id: the probe {probe_id} has no verdict yet, it is {probe.state}")
    return ProbeFacts(probe_id, probe.verdict, probe.ended_ns)


def _there(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except NotFound as missing:
        raise BadInput(f"{name}: {missing.message}") from missing
