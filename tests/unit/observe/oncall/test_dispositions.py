"""Closing an alert: one parameter, evidence, a price, an expiry; a dismissal is held to its word."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.observe.oncall.alerts import DAY_NS, NOW, alert, finding

from quarterdeck.errors import BadInput, InvestigationRequired
from quarterdeck.model.measured import Measured
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.dispositions import Asked, disposition_of, evidence_of, price_of
from quarterdeck.observe.oncall.held_to_word import HeldToWord
from quarterdeck.observe.oncall.level import level_words

OPTIONS = OncallOptions()
SWING = Asked("normal_swing", "the weekly batch import runs on Tuesdays", "ann")


@pytest.mark.parametrize(
    "reason", ["", "ok", "model was weird", "The model was just being a bit flaky again", "odd odd odd"]
)
def test_a_reason_that_explains_nothing_is_refused(reason: str) -> None:
    with pytest.raises(BadInput):
        disposition_of(replace(SWING, reason=reason), alert(), (), NOW, OPTIONS)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "duplicate"}, "the id of the other alert"),
        ({"kind": "duplicate", "other_alert_id": "a1"}, "the id of the other alert"),
        ({"kind": "harmless"}, "an approver"),
        ({"kind": "wobble"}, "a probe whose verdict is wobble"),
        ({"kind": "wobble", "probe_id": "p", "probe_verdict": "regression"}, "a probe whose verdict is wobble"),
        ({"by": " "}, "by takes the name"),
        ({"days": 90.0}, "at most 30"),
    ],
)
def test_each_disposition_asks_for_its_evidence(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        disposition_of(replace(SWING, **changed), alert(), (), NOW, OPTIONS)
    assert words in caught.value.message


def test_a_swing_without_its_statistic_is_refused() -> None:
    unmeasured = alert(finding(now=Measured(0.31, None, None, 3)))
    with pytest.raises(BadInput, match="a statistic"):
        disposition_of(SWING, unmeasured, (), NOW, OPTIONS)


def test_a_swing_has_statistic_tolerance_price_and_expiry() -> None:
    made = disposition_of(SWING, alert(), (), NOW, OPTIONS)
    assert made.evidence is not None
    assert (made.evidence.value, made.evidence.n) == (0.31, 212)
    assert made.tolerance == OPTIONS.tolerance_max, "twice as many failures are more than a tolerance may cover"
    assert made.expires_ns == NOW + 7 * DAY_NS
    assert "not looked for" in made.price
    assert "848 instead of 212" in made.price
    assert price_of("fixed", alert(), OPTIONS) != made.price


@pytest.mark.parametrize(
    ("value", "unit", "signal", "words"),
    [
        (0.31, "share of runs", "failing", "31 % of runs"),
        (0.0425, "errors/call", "tool_errors", "4.25 % of calls"),
        (0.25, "share", "context", "25 %"),
        (8_787.4, "tokens/run", "tokens", "8,790 tokens per run"),
        (1_234_567.0, "tokens/run", "tokens", "1,230,000 tokens per run"),
        (12.0, "seconds/run", "duration", "12 seconds per run"),
        (0.11, "$/run", "cost", "$0.1100 per run"),
        (1_204.5, "$/run", "cost", "$1,204.50 per run"),
        (0.0, "calls/run", "tool_calls", "0 calls per run"),
        (0.25, "share", "score:helpful", "a score of 0.75"),
    ],
)
def test_a_level_is_said_as_people_read_it(value: float, unit: str, signal: str, words: str) -> None:
    assert level_words(value, unit, signal) == words


def test_a_price_names_its_level_in_words() -> None:
    amount = alert(
        finding(
            signal="tokens",
            unit="tokens/run",
            now=Measured(8_787.0, 8_000.0, 9_500.0, 212),
            before=Measured(8_000.0, 7_900.0, 8_100.0, 900),
        )
    )
    assert price_of("accepted_change", amount, OPTIONS).startswith("8,790 tokens per run becomes normal;")
    assert price_of("accepted_change", alert(), OPTIONS).startswith("31 % of runs becomes normal;")
    assert "less than 10 % (to 8,790 tokens per run) is not looked for" in price_of("normal_swing", amount, OPTIONS)


def test_already_dismissed_once() -> None:
    """The second dismissal of one thing within a week asks somebody to look first; a day later than a week it does not."""
    first = disposition_of(SWING, alert(), (), NOW, OPTIONS)
    again = alert(finding(), alert_id="a2", signature="another", where=(("agent", "support-agent"),))
    with pytest.raises(InvestigationRequired) as caught:
        disposition_of(SWING, again, (first,), NOW + DAY_NS, OPTIONS)
    assert "dismissed as within variance 1 times" in caught.value.message
    probed = replace(SWING, probe_id="p", probe_verdict="undecided", probe_at_ns=NOW + DAY_NS)
    assert disposition_of(probed, again, (first,), NOW + DAY_NS, OPTIONS).probe_id == "p"
    stale = replace(probed, probe_at_ns=NOW - DAY_NS)
    with pytest.raises(InvestigationRequired):
        disposition_of(stale, again, (first,), NOW + DAY_NS, OPTIONS)
    assert disposition_of(replace(SWING, incident_id="i"), again, (first,), NOW + DAY_NS, OPTIONS).incident_id == "i"
    assert disposition_of(SWING, again, (first,), NOW + 8 * DAY_NS, OPTIONS)
    elsewhere = alert(finding(), signature="another", where=(("agent", "research"),))
    assert disposition_of(SWING, elsewhere, (first,), NOW + DAY_NS, OPTIONS)


def test_a_true_dismissal_is_rarely_refuted_and_a_wrong_one_soon() -> None:
    evidence = evidence_of(alert())
    assert evidence is not None
    random = np.random.default_rng(5)

    def runs_until_refuted(rate: float) -> int | None:
        held = HeldToWord(evidence, rate=True, refuted_at=20)
        return next((n for n in range(1, 1_001) if held.take(float(random.random() < rate))), None)

    true = [runs_until_refuted(evidence.value) for _ in range(100)]
    assert sum(n is not None for n in true) <= 5
    wrong = [n for n in (runs_until_refuted(0.6) for _ in range(30)) if n is not None]
    assert len(wrong) == 30
    assert np.median(wrong) < 60


def test_a_quiet_week_does_not_use_up_the_evidence_of_what_comes_after_it() -> None:
    evidence = evidence_of(alert())
    assert evidence is not None
    held = HeldToWord(evidence, rate=True, refuted_at=20)
    assert not any(held.take(0.0) for _ in range(5_000))
    assert any(held.take(1.0) for _ in range(60))


def test_an_amount_is_held_to_its_median() -> None:
    evidence = evidence_of(alert(finding(signal="tokens", now=Measured(9_400, 9_000, 9_800, 200))))
    assert evidence is not None
    held = HeldToWord(evidence, rate=False, refuted_at=20)
    assert not any(held.take(9_700 + 200 * (n % 2)) for n in range(400)), "every second run lies above"
    assert any(held.take(20_000) for _ in range(100))
    assert "of" in held.words()


def test_what_is_known_survives_a_restart() -> None:
    evidence = evidence_of(alert())
    assert evidence is not None
    one = HeldToWord(evidence, rate=True, refuted_at=20)
    for n in range(30):
        one.take(float(n % 3 == 0))
    other = HeldToWord.load(json.loads(json.dumps(one.dump())))
    assert [one.take(1.0) for _ in range(40)] == [other.take(1.0) for _ in range(40)]
    assert one.value == other.value
