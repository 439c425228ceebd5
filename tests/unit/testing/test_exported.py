"""The public fakes: what is listed exists, and nothing else is promised."""

from __future__ import annotations

import quarterdeck.testing


def test_every_listed_name_is_there_and_has_words_of_its_own() -> None:
    assert quarterdeck.testing.__all__ == sorted(quarterdeck.testing.__all__)
    for name in quarterdeck.testing.__all__:
        assert getattr(quarterdeck.testing, name).__doc__, name
