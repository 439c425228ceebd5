"""How many tokens each message of a recorded run takes, from what its model calls reported.

Between two calls a prompt grows by what was said between them, so usage gives that sum exactly; it is shared out by counted size.
Where usage is missing or contradicts itself (a prompt that shrank), the count stands. Refuses: tokens below one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from quarterdeck.control.budget.replay.said import Call, Role

_DOUBT = 4.0
"""A recorded growth over this many times the count, or under its inverse, is not of these messages: something else was sent."""


class Drawn(NamedTuple):
    """A message as read. `tokens`: said by the file itself; `usage`: of the call that wrote it."""

    role: Role
    text: str
    calls: tuple[Call, ...] = ()
    answers: str | None = None
    pin: bool = False
    failed: bool = False
    tokens: int | None = None
    usage: Mapping[str, Any] | None = None


class Known(NamedTuple):
    """Of each message; `measured`: the share of tokens told by usage or file. What stands in no message (instructions, tools) is not here."""

    tokens: list[int]
    measured: float


def known_tokens(drawn: Sequence[Drawn], count: Callable[[str], int]) -> Known:
    counted = [max(1, count(one.text) + 4) if one.tokens is None else max(1, one.tokens) for one in drawn]
    told = [one.tokens is not None for one in drawn]
    prompts = [(at, size) for at, one in enumerate(drawn) if one.role == "assistant" and (size := _prompt(one))]
    if not prompts:
        return Known(counted, sum(told) / max(len(told), 1))
    first, size = prompts[0]
    before, tokens = first, size
    for at, size in prompts[1:]:
        if not any(told[before:at]):
            _share(counted, told, before, at, size - tokens)
        before, tokens = at, size
    return Known(counted, sum(n for n, known in zip(counted, told, strict=True) if known) / max(sum(counted), 1))


def _prompt(one: Drawn) -> int:
    usage = one.usage or {}
    value = usage.get("prompt_tokens") or usage.get("input_tokens") or 0
    return value if isinstance(value, int) else 0


def _share(counted: list[int], told: list[bool], begin: int, end: int, grown: int) -> None:
    """Shares `grown` out among the messages from `begin` up to `end`, where it can be theirs."""
    of = sum(counted[begin:end])
    if not of / _DOUBT <= grown <= of * _DOUBT:
        return
    left = grown
    for at in range(begin, end):
        share = min(left, max(1, round(counted[at] * grown / of))) if at < end - 1 else max(1, left)
        counted[at], told[at] = share, True
        left -= share
