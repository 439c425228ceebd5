"""What the close dialog shows: every disposition with its price, and the ones that are refused now with the reason."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.observe.oncall.alerts import DAY_NS, NOW, alert, finding

from quarterdeck.model.alerts import Alert
from quarterdeck.model.measured import Measured
from quarterdeck.model.oncall import Disposition
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.choices import PARAMETERS, Choice, ProbeFacts, choices_of
from quarterdeck.observe.oncall.dispositions import Asked, disposition_of

OPTIONS = OncallOptions()
ALERT = alert()
SWING = Asked("normal_swing", "the weekly batch import runs on Tuesdays", "ann")


def by_kind(
    *, alert: Alert = ALERT, past: tuple[Disposition, ...] = (), probe: ProbeFacts | None = None, now_ns: int = NOW
) -> dict[str, Choice]:
    return {one.kind: one for one in choices_of(alert, past, probe, now_ns, OPTIONS)}


def test_each_disposition_is_offered_with_parameter_and_price() -> None:
    found = by_kind()
    assert list(found) == list(PARAMETERS)
    assert all(one.price and one.parameter for one in found.values())
    assert "is not looked for" in found["normal_swing"].price
    assert (found["normal_swing"].expires_days, found["fixed"].expires_days) == (7.0, None)
    assert found["duplicate"].asks_for == ("reason", "by", "other_alert_id")
    assert found["harmless"].asks_for == ("reason", "by", "approver")


def test_a_wobble_is_offered_only_after_a_probe_said_so() -> None:
    refused = by_kind()["wobble"]
    assert (refused.allowed, refused.code) == (False, "bad_input")
    assert "a probe whose verdict is wobble" in (refused.why_not or "")
    assert not by_kind(probe=ProbeFacts("p1", "regression", NOW))["wobble"].allowed
    assert by_kind(probe=ProbeFacts("p1", "wobble", NOW))["wobble"].allowed


def test_a_second_dismissal_asks_for_an_investigation() -> None:
    before = disposition_of(SWING, alert(), (), NOW, OPTIONS)
    past = (replace(before, ended_ns=NOW + 1, ended_because="refuted: more came"),)
    again = by_kind(past=past, now_ns=NOW + DAY_NS)
    assert (again["normal_swing"].allowed, again["normal_swing"].code) == (False, "investigation_required")
    assert again["normal_swing"].asks_for == ("reason", "by", "probe_id", "incident_id")
    assert again["accepted_change"].allowed, "only a second 'within variance' is refused"
    probed = by_kind(past=past, now_ns=NOW + DAY_NS, probe=ProbeFacts("p1", "undecided", NOW + 1))
    assert probed["normal_swing"].allowed
    assert by_kind(past=past, now_ns=NOW + 8 * DAY_NS)["normal_swing"].allowed


def test_what_has_a_disposition_or_no_statistic_is_said() -> None:
    closed = by_kind(past=(disposition_of(SWING, alert(), (), NOW, OPTIONS),))
    assert not any(one.allowed for one in closed.values())
    assert "has a disposition already" in (closed["fixed"].why_not or "")
    unmeasured = by_kind(alert=alert(finding(now=Measured(0.31, None, None, 3))))
    assert not unmeasured["normal_swing"].allowed
    assert unmeasured["fixed"].allowed
