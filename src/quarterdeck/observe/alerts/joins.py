"""Whether a finding is another side of an open alert's cause. Pure.

One cause is one alert: a bad version moves failures, tokens and cost, of itself, of its cohort and of the whole fleet.
Refuses: facts about live runs and budgets, which have a cause of their own.
"""

from __future__ import annotations

from quarterdeck.model.alerts import Alert
from quarterdeck.model.signals import Deploy, Finding, Keys
from quarterdeck.observe.alerts.options import AlertOptions

_SAME_RELEASE_NS = 60 * 10**9
"""Parts of one cohort's identity that first appear within a minute of each other came in one release."""


def deploy_of(alert: Alert) -> Deploy | None:
    """The new version that the alert is about, None when it is about something else."""
    return next((finding.deploy for finding in alert.findings if finding.deploy is not None), None)


def belongs(finding: Finding, alert: Alert, now_ns: int, options: AlertOptions) -> bool:
    """Whether an open alert of the same project explains this finding."""
    if finding.kind != "regression" or alert.kind != "regression":
        return False
    deploy = deploy_of(alert)
    if finding.deploy is not None:
        if deploy is not None:
            return _same_release(finding.deploy, deploy) or _same_version(finding.deploy, deploy)
        return _is_explained(alert.findings[0], finding.deploy, {finding.signal}) and _is_new(alert, now_ns, options)
    signals = {held.signal for held in alert.findings}
    if deploy is not None and _is_explained(finding, deploy, signals):
        return True
    if not alert.where and finding.signal not in signals:
        return _is_new(alert, now_ns, options)
    # The alert may have moved to a narrower slice since; what it was about before is still its cause.
    wheres = [alert.where, *(held.where for held in alert.findings if held.where and alert.where)]
    return any(set(where) <= set(finding.where) for where in wheres) or _is_again(finding, alert)


def _is_again(finding: Finding, alert: Alert) -> bool:
    """Whether a stream of the alert reached its threshold again and now names a wider slice of the same runs.

    A stream that says all runs of its lane is news: what was one slice may have become everything.
    """
    same = any(held.stream_id == finding.stream_id for held in alert.findings)
    return same and set(finding.cohort) < set(finding.where) <= set(alert.where)


def is_part(alert: Alert, finding: Finding, now_ns: int, options: AlertOptions) -> bool:
    """Whether an alert of one cohort is a part of what a finding says of the whole fleet: one signal, at one time."""
    first = alert.findings[0]
    same = alert.kind == "regression" and first.lane == "cohort" and first.signal == finding.signal
    return same and deploy_of(alert) is None and _is_new(alert, now_ns, options)


def _is_explained(finding: Finding, deploy: Deploy, signals: set[str]) -> bool:
    """Whether the finding, of the whole fleet or a cohort, is the deploy seen from further away."""
    if _names(finding.where, deploy):
        return True
    wider = set(finding.where) <= set(deploy.where)
    likely = [one.where for one in finding.slices if one.score > 0]
    return wider and finding.signal in signals and (not likely or any(_names(where, deploy) for where in likely))


def _names(where: Keys, deploy: Deploy) -> bool:
    """Whether a slice is about the new version: it has its value, and nothing of another cohort."""
    version = dict(deploy.where)
    return (deploy.part, deploy.new) in where and all(version.get(name, value) == value for name, value in where)


def _same_release(one: Deploy, other: Deploy) -> bool:
    return (
        one.cohort == other.cohort
        and one.part != other.part
        and abs(one.opened_ns - other.opened_ns) <= _SAME_RELEASE_NS
    )


def _same_version(one: Deploy, other: Deploy) -> bool:
    """Whether one version is new in two cohorts of one agent: in production and in staging.

    Versions of two agents may bear one name by chance. Where cohorts know no agent, anything in common will do.
    """
    both = set(one.cohort) & set(other.cohort)
    names = {"agent"} if any(name == "agent" for name, _ in one.cohort) else {name for name, _ in both}
    return (one.part, one.new) == (other.part, other.new) and any(
        name in names and value is not None for name, value in both
    )


def _is_new(alert: Alert, now_ns: int, options: AlertOptions) -> bool:
    return now_ns - alert.opened_ns <= options.join_within_s * 1e9
