"""What every scripted agent says and does, in plain Python: two desks, their tools, two questions.

The instructions are long enough for the provider to bill cached tokens from the second call on. Knows no framework.
"""

from __future__ import annotations

MODEL = "gpt-4o-mini"
SESSION = "conversation-7"
INSTRUCTIONS = "You work at the support desk.\n" + "\n".join(
    f"Rule {number}: look before you act, and say what you did to whom and when." for number in range(1, 81)
)
POLICY_INSTRUCTIONS = "You work at the policy room. Answer from the handbook."
QUESTIONS = ("My orders o-1 and o-2 did not come.", "My orders o-3 and o-4 did not come.")
"""The second one is asked as a stream."""


class RefundRefused(Exception):
    """What the tool `refund` always fails with."""


def lookup_order(order: str) -> str:
    return f"order {order}: sent on Monday, not delivered"


def refund(order: str) -> str:
    raise RefundRefused(f"order {order} was paid by voucher")


def search_handbook(words: str) -> str:
    return f"{words}: vouchers are renewed, not paid out"
