"""A provider's account on the virtual clock: its own rule, its own buckets, and a day that does not go as planned.

Written from the providers' documents, apart from the meters of clients, so that a mistake there is not repeated here. Output
that is charged as it streams flows out of the bucket second by second. Refuses: telling a client more than a real one tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from quarterdeck.simulate.load.bench import OUTPUT_TOKEN_S, Verdict
from quarterdeck.simulate.load.limit import BURN_DOWN, MINUTE_S, burst_of

_STREAMED = ("anthropic", "bedrock_mantle", "generic")
_WORDS = {"requests": "requests", "input": "input-tokens", "output": "output-tokens", "total": "tokens"}
NEVER = float("inf")


Rule = Callable[[float, float, float, float | None], dict[str, float]]
_RULES: Mapping[str, Rule] = {
    "openai": lambda given, _, asked, __: {"requests": 1.0, "total": given + asked},
    "azure": lambda given, _, asked, out: {"requests": 1.0, "total": given + (asked if out is None else out)},
    "anthropic": lambda _, fresh, __, ___: {"requests": 1.0, "input": fresh},
    "bedrock_runtime": lambda _, fresh, asked, out: {
        "requests": 1.0,
        "total": fresh + (asked if out is None else BURN_DOWN * out),
    },
    "bedrock_mantle": lambda _, fresh, asked, out: {"input": fresh + (asked if out is None else 0.0)},
    "gemini": lambda given, _, __, ___: {"requests": 1.0, "input": given},
    "generic": lambda given, _, __, out: {"requests": 1.0, "input": given, "total": given + (out or 0.0)},
}
"""What each provider charges of (input, uncached input, max_tokens, output); output None at admission."""


class Spell(NamedTuple):
    """A stretch of time in which something is different.

    `limit`: share of the limit that is left. `others`: share of the full limit that other tenants take. `slower`: times to
    first token. `status`: every call fails with it (503, 529); 0 for none.
    """

    begins_s: float
    ends_s: float
    limit: float = 1.0
    others: float = 0.0
    slower: float = 1.0
    status: int = 0


class _Ticket(NamedTuple):
    tokens_input: float
    tokens_cached: float
    max_tokens: float
    output: float
    charged: Mapping[str, float]


class Account:
    """A provider account under `meter` with `limits` a minute. `headers`: whether answers carry what remains."""

    def __init__(
        self, meter: str, limits: Mapping[str, float], spells: Sequence[Spell] = (), *, headers: bool = True
    ) -> None:
        self.meter = meter
        self._limits = dict(limits)
        self._spells = spells
        self._edges = sorted({edge for spell in spells for edge in (spell.begins_s, spell.ends_s)})
        self._headers = headers
        self._size = {name: burst_of(meter, name, limit) for name, limit in limits.items()}
        self.level = dict(self._size)
        self._at = 0.0
        self._streaming = 0
        self._spell = self._spell_at(0.0)

    @property
    def limit_share(self) -> float:
        """What is left of the limit now: 1 as a rule."""
        return self._spell.limit

    def _spell_at(self, now: float) -> Spell:
        """All spells of this moment as one."""
        limit, others, slower, status = 1.0, 0.0, 1.0, 0
        for spell in self._spells:
            if spell.begins_s <= now < spell.ends_s:
                limit *= spell.limit
                others += spell.others
                slower *= spell.slower
                status = spell.status or status
        return Spell(now, NEVER, limit, others, slower, status)

    def _advance(self, now: float) -> None:
        while self._edges and self._edges[0] <= now:
            edge = self._edges.pop(0)
            self._flow(edge)
            self._spell = self._spell_at(edge)
        self._flow(now)

    def _flow(self, now: float) -> None:
        passed = now - self._at
        if passed <= 0:
            return
        self._at = now
        share, others = self._spell.limit, self._spell.others
        for name, limit in self._limits.items():
            gained = (share - others) * limit / MINUTE_S * passed
            if name == "output" and self.meter in _STREAMED:
                gained -= self._streaming / OUTPUT_TOKEN_S * passed
            self.level[name] = min(self.level[name] + gained, self._size[name] * share)

    def _charge(
        self, tokens_input: float, tokens_cached: float, max_tokens: float, output: float | None
    ) -> dict[str, float]:
        """By dimension; `output` None at admission. What streams is charged by the flow, not here."""
        return _RULES[self.meter](tokens_input, tokens_input - tokens_cached, max_tokens, output)

    def offer(self, now: float, tokens_input: float, tokens_cached: float, max_tokens: float, output: float) -> Verdict:
        """Admit when every bucket has what is charged now, and no streamed one is empty."""
        self._advance(now)
        if self._spell.status:
            return Verdict(None, self._spell.status, {}, {"error": {"type": "overloaded_error"}})
        charge = self._charge(tokens_input, tokens_cached, max_tokens, None)
        short = self._short_s(charge)
        if short is not None:
            headers = {"retry-after": f"{min(max(short, 0.05), 60.0):.3f}"} if self._headers else {}
            return Verdict(None, 429, headers, {"error": {"type": "rate_limit_error"}})
        for name in self._limits:
            self.level[name] -= charge.get(name, 0.0)
        return Verdict(
            _Ticket(tokens_input, tokens_cached, max_tokens, output, charge), 200, {}, None, self._spell.slower
        )

    def _short_s(self, charge: Mapping[str, float]) -> float | None:
        waits = []
        for name, limit in self._limits.items():
            wanted = charge.get(name, 0.0)
            if wanted > self.level[name] + 1e-6 or (wanted == 0.0 and self.level[name] <= 0.0):
                waits.append((wanted - self.level[name]) / (limit * max(self._spell.limit, 0.01)) * MINUTE_S)
        return max(waits) if waits else None

    def begin(self, now: float, ticket: _Ticket) -> Mapping[str, str]:
        """The first token goes out: it streams from now on."""
        self._advance(now)
        self._streaming += ticket.output > 0
        if not self._headers or self.meter not in ("openai", "azure", "anthropic"):
            return {}
        found = {}
        for name, limit in self._limits.items():
            told, left = f"{limit * self._spell.limit:.0f}", f"{max(self.level[name], 0.0):.0f}"
            if self.meter == "anthropic":
                found[f"anthropic-ratelimit-{_WORDS[name]}-limit"] = told
                found[f"anthropic-ratelimit-{_WORDS[name]}-remaining"] = left
            else:
                found[f"x-ratelimit-limit-{_WORDS[name]}"] = told
                found[f"x-ratelimit-remaining-{_WORDS[name]}"] = left
        return found

    def finish(self, now: float, ticket: _Ticket) -> None:
        """The answer is complete: what was charged beforehand becomes what was used."""
        self._advance(now)
        self._streaming -= ticket.output > 0
        final = self._charge(ticket.tokens_input, ticket.tokens_cached, ticket.max_tokens, ticket.output)
        for name in self._limits:
            level = self.level[name] + ticket.charged.get(name, 0.0) - final.get(name, 0.0)
            self.level[name] = min(level, self._size[name] * self._spell.limit)
