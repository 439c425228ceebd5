"""`quarterdeck rules try`, in words and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quarterdeck.api.routes.rules import _EXAMPLE
from quarterdeck.cli.rules import COLUMNS, headline, row


def test_an_empty_store_is_tried(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("rules", "try", "--url", url)
    assert answer.code == 0
    assert answer.out.startswith("0 runs from ")
    document = quarterdeck(
        "rules", "try", "--since", "-7d", "--cohort-by", "agent,model", "--url", url, "--json"
    ).document
    assert (document["runs"], document["findings"], document["cohort_by"]) == (0, [], ["agent", "model"])


def test_a_wrong_name_is_bad_input(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("rules", "try", "--cohort-by", "colour", "--url", url)
    assert answer.code == 3
    assert "cohort_by takes names of" in answer.err


def test_a_finding_is_one_row() -> None:
    assert list(headline(_EXAMPLE)) == [
        "8,416 runs from 2026-11-23T07:00:00.000000Z to 2026-11-24T07:00:00.000000Z: 1 deploys, 1 alarms, 0 that only rose.",
        "Promised: at most 1 false alarms a month; 0.02 were to be expected in this time if nothing had changed.",
    ]
    cells = row(_EXAMPLE["findings"][0])
    assert len(cells) == len(COLUMNS)
    assert cells[1:4] == ["reached", "failing runs", "agent=support-agent environment=production prompt_version=v7"]
    assert cells[4:] == ["0.31", "0.12", "212", "31,000 / 219"]
