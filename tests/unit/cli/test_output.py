"""Numbers in words: unknown is a dash, never a zero."""

from __future__ import annotations

import pytest

from quarterdeck.cli import output


@pytest.mark.parametrize(("value", "text"), [(None, "—"), (0, "0"), (1234567, "1,234,567"), (0.5, "0"), (1.5, "2")])
def test_number(value: float | None, text: str) -> None:
    assert output.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0.0, "$0.0000"), (0.00002, "<$0.0001"), (0.01234, "$0.0123"), (1234.5, "$1,234.50")],
)
def test_dollars(value: float | None, text: str) -> None:
    assert output.dollars(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0.85, "850 ms"), (12.34, "12.3 s"), (192, "3 min 12 s"), (7500, "2 h 5 min"), (3599.6, "1 h 0 min")],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert output.duration(seconds) == text


def test_a_rate_carries_its_interval_and_its_number() -> None:
    assert output.rate({"value": 0.31, "low": 0.25, "high": 0.38, "n": 212}) == "31 % (25 %–38 %, n=212)"
    assert output.rate(None) == "—"


def test_json_is_one_document_and_refuses_nan(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"größe": None})
    assert capsys.readouterr().out == '{\n  "größe": null\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        output.print_json(float("nan"))
