"""Sentences: names, numbers with few digits, intervals where there are some; nothing a label can break."""

from __future__ import annotations

import math

import pytest

from quarterdeck.model.measured import Measured
from quarterdeck.observe.alerts.numbers import percent, short
from quarterdeck.observe.alerts.signature import signature_of
from quarterdeck.observe.alerts.title import sentence, subject_of
from quarterdeck.observe.signals.kinds import SIGNALS

from .findings import V7, cohort, finding, pooled, tokens


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (31_020, "31,000"), (9_412, "9,400"), (12.4, "12"), (4.56, "4.6"), (0.471, "0.47"), (0.0123, "0.012"),
     (99.9, "100"), (9.99, "10"), (math.inf, "endless"), (-3.14, "-3.1")],
)  # fmt: skip
def test_two_digits_count(number: float, words: str) -> None:
    assert short(number) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.31, "31 %"), (0.045, "4.5 %"), (0, "0 %"), (0.0995, "10 %"), (1, "100 %")]
)
def test_shares_are_percent(share: float, words: str) -> None:
    assert percent(share) == words


def test_amounts_are_told_with_their_ratio() -> None:
    assert sentence(tokens()) == (
        "support-agent in production with prompt v7 uses more tokens than v6: 9,400 against 3,100 tokens/run "
        "(×2.8 to ×3.3, 212 runs, evidence 31,000 over a threshold of 12,000)"
    )


def test_dollars_have_cents_and_small_ones_more() -> None:
    cost = finding(
        signal="cost",
        title="cost",
        unit="$/run",
        now=Measured(1.5, None, None, 9),
        before=Measured(0.02, None, None, 9),
    )
    assert "costs more than v6: $1.50 against $0.0200 (212 runs" in sentence(cost)


def test_a_score_is_told_as_people_know_it() -> None:
    told = sentence(finding(signal="score:faithfulness", title="faithfulness", unit="1 - score"))
    assert "does worse on faithfulness than v6: 0.69 against 0.88 (-0.24 to -0.14, 212 runs" in told


def test_what_is_not_known_is_said() -> None:
    unknown = Measured(None, None, None, 2, reason="2 runs")
    assert "31 % against not known (212 runs" in sentence(finding(before=unknown))


def test_endless_evidence_is_said_with_an_end() -> None:
    assert "evidence above 1,000,000,000,000, threshold 12,000" in sentence(finding(evidence=math.inf))


def test_every_shipped_signal_has_a_verb_of_its_own() -> None:
    assert [s.name for s in SIGNALS if " is worse in " in sentence(finding(signal=s.name, title=s.title))] == []


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ((), "the whole fleet"),
        (V7.where, "support-agent in production with prompt v7"),
        ((("agent", "a"), ("environment", None)), "a"),
        ((("tool", "refund"), ("prompt_version", "v7")), "every agent with tool refund and prompt v7"),
        ((("tenant", None),), "every agent with tenant unknown"),
        ((("agent", "a\nb" + "x" * 200),), "a b" + "x" * 76 + "…"),
    ],
)
def test_a_slice_in_words(where: tuple[tuple[str, str | None], ...], words: str) -> None:
    assert subject_of(where) == words


def test_a_signature_is_about_the_cause_and_never_about_the_words() -> None:
    assert signature_of(finding()) == signature_of(tokens(title="other words", evidence=1.0, n=3))
    assert signature_of(pooled()) == signature_of(pooled(title="other words", now=finding().before))
    assert len({signature_of(one) for one in (finding(), pooled(), cohort(), pooled(signal="tokens"))}) == 4
    assert signature_of(cohort(where=(("agent", None),))) != signature_of(cohort(where=(("agent", ""),)))
