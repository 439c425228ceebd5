"""The public face of the fakes: what a user's own tests may lean on.

A simulated provider with a bill, a simulated fleet, a clock that stands still, a store in memory. Listed in
`__all__` and tested; everything else under `quarterdeck.simulate` may change.
"""

from quarterdeck.clock import FakeClock
from quarterdeck.simulate.fleet import FleetPlan, FleetPlayer
from quarterdeck.simulate.provider import BilledCall, Call, Scenario, SimulatedProvider, Spell, Turn
from quarterdeck.store.memory import MemoryStore

__all__ = [
    "BilledCall",
    "Call",
    "FakeClock",
    "FleetPlan",
    "FleetPlayer",
    "MemoryStore",
    "Scenario",
    "SimulatedProvider",
    "Spell",
    "Turn",
]
