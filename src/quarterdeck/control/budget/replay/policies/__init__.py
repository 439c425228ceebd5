"""The policies that can be replayed, by name. To add one: copy the smallest neighbour, add a line here."""

from __future__ import annotations

from quarterdeck.control.budget.replay.policies.clear_tool_results import ClearToolResults
from quarterdeck.control.budget.replay.policies.evict_half import EvictHalf
from quarterdeck.control.budget.replay.policies.keep_everything import KeepEverything
from quarterdeck.control.budget.replay.policies.last_n import LastN
from quarterdeck.control.budget.replay.policies.quarterdeck import Quarterdeck
from quarterdeck.control.budget.replay.policies.trim_messages import TrimMessages
from quarterdeck.control.budget.replay.policy import MakePolicy
from quarterdeck.errors import BadInput

POLICIES: dict[str, MakePolicy] = {
    "quarterdeck": Quarterdeck,
    "keep_everything": KeepEverything,
    "trim_messages": TrimMessages,
    "clear_tool_results": ClearToolResults,
    "evict_half": EvictHalf,
    "last_n": LastN,
}


def policy_named(name: str) -> MakePolicy:
    """Raises BadInput with the names there are."""
    if name not in POLICIES:
        raise BadInput(f"no policy is named {name!r}", mend=f"expected one of {', '.join(POLICIES)}")
    return POLICIES[name]
