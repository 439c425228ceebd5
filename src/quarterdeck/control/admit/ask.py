"""A request for admission and the answers to it. Frozen words between the gate and whoever asks.

Refuses: an answer without its reason.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from quarterdeck.control.admit.charge import Charge

Reason = Literal[
    "room",  # granted: there was room
    "waited",  # granted: after its turn came
    "behind_others",  # queued: others wait already
    "no_room",  # queued: a bucket has too little
    "share_full",  # queued: the tenant's, task's or node's share is used up
    "paused",  # queued: the provider has refused and said when to come again
    "circuit_open",  # queued or refused: the provider fails
    "learning",  # queued: too little is known of how long answers are
    "deadline",  # refused: it would start or end too late
    "queue_full",  # refused: too much waits already
    "too_large",  # refused: larger than a bucket can ever hold
    "spend_cap",  # refused: the provider's word, no retry helps
    "daily_quota",  # refused: the provider's word, until its day is over
    "budget",  # refused: the day's or the hour's money is spent
    "cancelled",  # refused: whoever asked has gone
]


class Ask(NamedTuple):
    """One call that wants to start.

    Tokens of input as the caller counts them, `max_tokens` as it would send it (None: the provider's own), `lane` by
    place (0 first), `deadline_at` in seconds since the epoch: by then the whole answer must be there.
    `continues`: it goes on with an answer that was cut, so it is cut later and teaches nothing of whole answers.
    `kind`: whose step it is, agent and step: answers of one kind are alike.
    """

    model: str
    tokens_input: float
    max_tokens: float | None = None
    tokens_cached: float = 0.0
    lane: int = 0
    tenant: str = ""
    task: str | None = None
    node: str | None = None
    deadline_at: float | None = None
    is_retry: bool = False
    has_fallback: bool = False
    continues: bool = False
    kind: str = ""


class Granted(NamedTuple):
    """It may start. `max_tokens` is what to send (None: nothing), `charge` is what is held."""

    ticket: int
    charge: Charge
    max_tokens: int | None
    waited_s: float
    reason: Reason


class Queued(NamedTuple):
    """It waits under `ticket`. `starts_in_s`: predicted from what waits ahead; None when that cannot be said."""

    ticket: int
    reason: Reason
    starts_in_s: float | None


class Refused(NamedTuple):
    """It may not start. `starts_in_s`: when it probably could; `detail` in words with the numbers."""

    ticket: int
    reason: Reason
    detail: str
    starts_in_s: float | None = None


Decision = Granted | Queued | Refused


def scopes_of(ask: Ask) -> tuple[str, ...]:
    """The shares that a call comes under, widest first: tenant, task, node."""
    named = (("tenant", ask.tenant or None), ("task", ask.task), ("node", ask.node))
    return tuple(f"{kind}:{name}" for kind, name in named if name is not None)
