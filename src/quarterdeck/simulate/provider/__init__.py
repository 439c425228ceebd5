"""A simulated provider of language models: scripted answers over real HTTP, and a bill to compare traces with.

scenario (what is answered) → tokens (what it costs) → one file per wire shape → app → server.
Refuses randomness and the machine's clock: the same requests get the same answers, ids, counts and bill.
"""

from quarterdeck.simulate.load.account import Spell
from quarterdeck.simulate.provider.bill import BilledCall
from quarterdeck.simulate.provider.scenario import Call, Scenario, Turn
from quarterdeck.simulate.provider.server import SimulatedProvider

__all__ = ["BilledCall", "Call", "Scenario", "SimulatedProvider", "Spell", "Turn"]
