"""What kind of trouble an alert is. From its signals, lane and failures; never from text."""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import AlertClass
from quarterdeck.model.signals import Finding
from quarterdeck.observe.oncall.options import OncallOptions

_PROVIDERS_SIDE = frozenset({"provider_rate_limit", "provider_overload", "provider_auth", "tool_timeout", "infra"})
_FAILURES = frozenset({"failing", "errors_inside", "retries"})
_CAPABILITY = frozenset({"schema_invalid", "tool_errors", "loop", "refusal", "truncated"})
_CAPABILITY_KINDS = frozenset({"loop", "stuck", "runaway"})


def class_of(alert: Alert, failures: Mapping[str, int], options: OncallOptions) -> AlertClass:
    """The first that fits. `failures`: runs by error class among those that the alert rests on."""
    signals = {held.signal for held in alert.findings if held.state in ("reached", "recovered")}
    signals = signals or {alert.findings[0].signal}
    if signals & set(options.policy_signals):
        return "policy"
    if _infrastructure(signals, failures):
        return "infrastructure"
    lead = alert.findings[0]
    if alert.kind == "regression" and _thin(alert, options):
        return "wobble"
    return "capability" if alert.kind in _CAPABILITY_KINDS or _broken(signals, lead) else "shift"


def _infrastructure(signals: set[str], failures: Mapping[str, int]) -> bool:
    if "lost" in signals:
        return True
    theirs = sum(n for name, n in failures.items() if name in _PROVIDERS_SIDE)
    return bool(signals & _FAILURES) and theirs * 2 > sum(failures.values())


def _thin(alert: Alert, options: OncallOptions) -> bool:
    """Whether nothing in it is enough: every finding that reached its threshold rests on few runs, and none is a deploy's.

    A deploy's test that reached keeps its promise at any number of runs. Decided anew whenever it is asked, so what joins counts.
    """
    reached = [held for held in alert.findings if held.state in ("reached", "recovered")]
    return all(held.n < options.runs_min and held.deploy is None for held in reached)


def _broken(signals: set[str], lead: Finding) -> bool:
    return bool(signals & _CAPABILITY) or ("failing" in signals and lead.deploy is not None)
