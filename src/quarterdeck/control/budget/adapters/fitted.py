"""What an adapter gives back: messages in the provider's shape, and the plan that they follow."""

from __future__ import annotations

from typing import Any, NamedTuple

from quarterdeck.control.budget.plan import ContextPlan


class Fitted(NamedTuple):
    """`messages`: to send; `plan`: what was kept, shortened and left out, and why."""

    messages: list[Any]
    plan: ContextPlan
