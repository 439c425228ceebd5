"""`quarterdeck objectives`, and the line about concentration in `quarterdeck fleet`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.cli.fleet import concentration_lines
from quarterdeck.cli.objectives import COLUMNS, amount, burn, gone_in, row


def measured(value: float | None, n: int = 40, n_needed: int | None = None) -> dict[str, Any]:
    return {
        "value": value, "low": None, "high": None, "n": n, "method": None, "reason": None, "n_needed": n_needed,
    }  # fmt: skip


def pair(value: float | None, state: str, factor: float = 14.4, **changes: Any) -> dict[str, Any]:
    return {"long": measured(value, **changes), "short": measured(value), "factor": factor, "state": state}


def test_a_server_without_objectives_says_how_to_get_some(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("objectives", "--url", url)
    assert (answer.code, answer.out) == (0, "no objectives are set; docs/how-to/objectives.md shows how\n")
    assert quarterdeck("objectives", "--url", url, "--json").document == {"items": [], "next_cursor": None}


def test_an_objective_is_one_row() -> None:
    objective = {
        "name": "spend", "quantity": "cost_usd", "unit": "US dollars", "match": {"feature": "chat"}, "budget": 500.0,
        "spent": measured(212.4), "used": 0.4248, "exhausted_in_s": 7_200.0, "state": "burning",
        "windows": [pair(16.2, "burning"), pair(2.0, "ok", 6.0), pair(None, "insufficient", n=0)],
    }  # fmt: skip
    cells = row(objective)
    assert len(cells) == len(COLUMNS)
    assert cells[:2] == ["spend", "cost_usd feature=chat"]
    assert cells[4:] == ["42 %", "16.2 burning", "2 (< 6)", "—", "burning", "2 h 0 min"]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(0.034, "share of runs", "3.40 %"), (1_200_000, "tokens", "1,200,000"), (None, "tokens", "—")],
)
def test_an_amount_has_its_unit(value: float | None, unit: str, words: str) -> None:
    assert amount(value, unit) == words


def test_too_few_runs_are_said_with_how_many_it_takes() -> None:
    assert burn(pair(0.5, "insufficient", n=12, n_needed=20)) == "12 of 20 runs"


@pytest.mark.parametrize(("seconds", "words"), [(None, "—"), (0, "gone"), (40 * 86_400, "—")])
def test_when_it_is_gone(seconds: float | None, words: str) -> None:
    assert gone_in(seconds) == words


def test_concentration_in_words() -> None:
    top = [{"keys": {"agent": f"a{n}", "prompt_version": None}, "share": 0.4 - n / 10} for n in range(4)]
    found = {"tokens": {"cohorts": 3, "of": 14, "share_80": 0.82, "top": top}, "cost_usd": None}
    assert concentration_lines(found) == ["82 % of tokens by 3 of 14 cohorts (40 % a0, 30 % a1, 20 % a2)"]
    alone = {"cohorts": 1, "of": 1, "share_80": 1.0, "top": [{"keys": {"agent": None}, "share": 1.0}]}
    assert concentration_lines({"tokens": None, "cost_usd": alone}) == [
        "100 % of dollars by 1 of 1 cohort (100 % unknown)"
    ]


def test_the_fleet_prints_it(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("fleet", "--since", "2020-01-01T00:00:00Z", "--url", url)
    assert answer.code == 0
    assert "100 % of tokens by 2 of 2 cohorts (" in answer.out
