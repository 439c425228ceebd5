"""Facts of incidents from documents: JSON or YAML objects with the keys of `Facts`.

Refuses guesses: a value that is not one of the known words is an error that names the key and what was expected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

from quarterdeck.errors import BadInput
from quarterdeck.model.incidents import (
    Autonomy,
    CaughtBy,
    Domain,
    Facts,
    Harm,
    HarmType,
    Magnitude,
    Reversible,
    Seen,
    Sureness,
)

HARMS_MAX = 50
TEXT_MAX = 2_000
_KEYS = frozenset(Facts.__dataclass_fields__)
_NOTES = frozenset({"severity", "why"})
"""Of written cases; read past."""


def read_facts(document: Any) -> Facts:
    """Raises BadInput naming the key, what was found and what was expected."""
    facts = _mapping(document, "an incident")
    unknown = sorted(set(facts) - _KEYS - _NOTES)
    if unknown:
        raise BadInput(f"unknown key {unknown[0]!r}; expected {', '.join(sorted(_KEYS))}")
    return Facts(
        id=_text(facts, "id"),
        title=_text(facts, "title"),
        harms=_harms(facts.get("harms")),
        rate=_rate(facts.get("rate")),
        traffic_per_day=_amount(facts, "traffic_per_day"),
        affected_users=_count(facts, "affected_users"),
        autonomy=_word(facts, "autonomy", Autonomy),
        caught_by=_word(facts, "caught_by", CaughtBy),
        undetected_hours=_amount(facts, "undetected_hours"),
        domain=_word(facts, "domain", Domain, "general"),
        ongoing=_flag(facts, "ongoing"),
        confidence=_word(facts, "confidence", Sureness, "medium"),
    )


def _harms(found: Any) -> tuple[Harm, ...]:
    if not isinstance(found, list) or not found or len(found) > HARMS_MAX:
        raise BadInput(f"harms takes a list of 1 to {HARMS_MAX} harms, found {found!r:.80}")
    return tuple(_harm(_mapping(one, "a harm")) for one in found)


def _harm(found: Mapping[str, Any]) -> Harm:
    return Harm(
        _word(found, "type", HarmType),
        _flag(found, "actual"),
        _word(_yes_and_no(found), "reversible", Reversible),
        _word(found, "magnitude", Magnitude),
    )


def _yes_and_no(found: Mapping[str, Any]) -> dict[str, Any]:
    """YAML reads a bare yes as true."""
    said = found.get("reversible")
    return {**found, "reversible": {True: "yes", False: "no"}[said] if isinstance(said, bool) else said}


def _rate(found: Any) -> Seen | None:
    if found is None:
        return None
    rate = _mapping(found, "rate")
    events, trials = _count(rate, "events"), _count(rate, "trials")
    if events is None or not trials or events > trials:
        raise BadInput(f"rate takes events and trials, 0 <= events <= trials and trials > 0; found {found!r:.80}")
    return Seen(events, trials)


def _mapping(found: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise BadInput(f"{what} is an object with keys, found {found!r:.80}")
    return found


def _text(facts: Mapping[str, Any], key: str) -> str:
    found = facts.get(key)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not found.strip() or len(found) > TEXT_MAX:
        raise BadInput(f"{key} takes a text of 1 to {TEXT_MAX} characters, found {found!r:.80}")
    return found


def _word(facts: Mapping[str, Any], key: str, words: Any, default: str | None = None) -> Any:
    found = facts.get(key, default)
    if found not in get_args(words):
        raise BadInput(f"{key} takes one of {', '.join(get_args(words))}; found {found!r:.80}")
    return found


def _flag(facts: Mapping[str, Any], key: str) -> bool:
    found = facts.get(key)
    if not isinstance(found, bool):
        raise BadInput(f"{key} takes true or false, found {found!r:.80}")
    return found


def _amount(facts: Mapping[str, Any], key: str) -> float | None:
    found = facts.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
        raise BadInput(f"{key} takes a number of at least 0, found {found!r:.80}")
    return float(found)


def _count(facts: Mapping[str, Any], key: str) -> int | None:
    found = _amount(facts, key)
    if found is not None and not found.is_integer():
        raise BadInput(f"{key} takes a whole number, found {found!r:.80}")
    return None if found is None else int(found)
