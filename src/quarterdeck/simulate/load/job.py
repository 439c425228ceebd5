"""One model call of a load, as it was recorded or made up.

Refuses: knowing how it is limited or who sends it.
"""

from __future__ import annotations

from typing import NamedTuple


class Job(NamedTuple):
    """One model call as it was recorded. `arrived_s` from the first one; tokens; `tenant` "" when there is only one."""

    arrived_s: float
    tokens_input: float
    tokens_output: float
    tokens_cached: float = 0.0
    tenant: str = ""
    lane: str | None = None
    task: str | None = None
