"""What an agent asks of people: may this tool be used although the task may not be paid to its end?

`Ask` is the question; `approval_of` makes of it what the queue keeps. Pure: the time and chance are arguments.
Refuses: a second question for the same `key`; it is the first one, asked again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256

from quarterdeck.errors import BadInput
from quarterdeck.model.approvals import Approval
from quarterdeck.model.estimates import QUANTITIES, Quantity

WAIT_S = 900.0
"""How long a question waits for its answer, unless it says otherwise: a person who is at the desk."""
WAIT_S_MAX = 7 * 86_400.0
_WORD_MAX, _TEXT_MAX = 200, 2_000


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. `arguments`: what the tool would be called with, in words. Amounts are in the unit of `quantity`.

    `key`: the same for repeats of one question (a retry after a lost answer), so that people see it once.
    """

    tool: str
    why: str
    arguments: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    agent: str | None = None
    quantity: Quantity | None = None
    q90: float | None = None
    ceiling: float | None = None
    spent: float | None = None
    wait_s: float = WAIT_S
    key: str | None = None


def approval_of(ask: Ask, project: str, *, now_ns: int, chance: str) -> Approval:
    """The question as it is kept. `chance`: 32 hexadecimal digits, the id where the question has no key.

    Raises BadInput, naming what was expected.
    """
    _check(ask)
    key_id = None if ask.key is None else sha256(f"{project}\0{ask.key}".encode()).hexdigest()[:32]
    return Approval(
        project=project,
        approval_id=key_id or chance,
        tool=ask.tool,
        why=ask.why,
        asked_ns=now_ns,
        expires_ns=now_ns + round(ask.wait_s * 1e9),
        arguments=ask.arguments,
        task_id=ask.task_id,
        run_id=ask.run_id,
        agent=ask.agent,
        quantity=ask.quantity,
        q90=ask.q90,
        ceiling=ask.ceiling,
        spent=ask.spent,
    )


def _check(ask: Ask) -> None:
    for name, text, most in (("tool", ask.tool, _WORD_MAX), ("why", ask.why, _TEXT_MAX)):
        if not text.strip() or len(text) > most:
            msg = f"{name}: expected 1 to {most:,} characters, got {len(text):,}"
            raise BadInput(msg)
    if ask.arguments is not None and len(ask.arguments) > _TEXT_MAX:
        msg = f"arguments: expected at most {_TEXT_MAX:,} characters, got {len(ask.arguments):,}"
        raise BadInput(msg)
    if not 0 < ask.wait_s <= WAIT_S_MAX:
        msg = f"wait_s: expected seconds above 0 and at most {WAIT_S_MAX:,.0f} (a week), got {ask.wait_s!r}"
        raise BadInput(msg)
    if ask.quantity is not None and ask.quantity not in QUANTITIES:
        msg = f"quantity: expected one of {', '.join(QUANTITIES)}, got {ask.quantity!r}"
        raise BadInput(msg)
    for name, amount in (("q90", ask.q90), ("ceiling", ask.ceiling), ("spent", ask.spent)):
        if amount is not None and not (math.isfinite(amount) and amount >= 0):
            msg = f"{name}: expected a number of 0 or more, got {amount!r}"
            raise BadInput(msg)
