"""A prompt without what changes from request to request: what is taken out, what stays, and that it costs little."""

from __future__ import annotations

import pytest

from quarterdeck.observe.canonical.hashes import Hasher
from quarterdeck.observe.canonical.stable_text import MARK, stable


@pytest.mark.parametrize(
    "changing",
    [
        "2026-11-24",
        "2026-11-24T07:00:00Z",
        "2026-11-24 07:00:00.123+01:00",
        "24.11.2026",
        "11/24/2026",
        "11/24/26",
        "07:00",
        "7:00:05 PM",
        "Tuesday, November 24, 2026",
        "Tue, 24 Nov 2026",
        "24th November 2026",
        "1795503600",
        "123e4567-e89b-12d3-a456-426614174000",
        "ada.lovelace+test@mail.example.com",
    ],
)
def test_what_changes_with_the_request_is_taken_out(changing: str) -> None:
    assert stable(f"Now: {changing}. Be brief.") == f"Now: {MARK}. Be brief."


@pytest.mark.parametrize(
    "text",
    [
        "Refund at most $500, after 3 tries, in 30 days (50%).",
        "Use v1.2.34 of the API at 10.0.0.1, ratio 3:1, in 2026.",
        "May I? In March 2026 we moved. Ask @support.",
        "",
    ],
)
def test_what_makes_a_version_stays(text: str) -> None:
    assert stable(text) == text


def test_all_of_them_at_once_and_again() -> None:
    text = "a@b.co c@d.co " * 3 + "on 2026-01-02 and 3 May 2026, 4 May 2026"
    assert stable(text) == f"{MARK} {MARK} " * 3 + f"on {MARK} and {MARK}, {MARK}"


def test_prompts_that_differ_in_a_date_are_one_version_and_in_a_limit_two() -> None:
    hasher = Hasher(b"k")
    said = "You are kind. Today is 2026-11-{}. Refund at most ${}."
    assert hasher.prompt(said.format(24, 50), None) == hasher.prompt(said.format(25, 50), None)
    assert hasher.prompt(said.format(24, 50), None) != hasher.prompt(said.format(24, 60), None)
