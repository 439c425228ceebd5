"""What stands between calls and their providers now: accounts, and cohorts that are stopped.

Frozen; the API and the command line read it. Refuses: computing anything.
"""

from __future__ import annotations

from typing import NamedTuple

from quarterdeck.control.admit.status import AccountStatus
from quarterdeck.control.gateway.stops import Stop


class LimitsNow(NamedTuple):
    """`project`: whose calls go through the gateway. `stops`: in force; `stop_refused`: calls that ran into one."""

    project: str
    accounts: tuple[AccountStatus, ...]
    stops: tuple[Stop, ...]
    stop_refused: int
