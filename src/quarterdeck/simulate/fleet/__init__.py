"""The demo fleet: agents that look like recorded ones, emitted through the real OpenTelemetry SDK.

fitted (shapes) → casting (who does what) → steps (of one run) → plan (the run, pure) → play (when) → emit (spans).
"""

from quarterdeck.simulate.fleet.plan import FleetPlan, PlannedRun
from quarterdeck.simulate.fleet.play import FleetPlayer, FleetSummary
from quarterdeck.simulate.fleet.steps import Step

__all__ = ["FleetPlan", "FleetPlayer", "FleetSummary", "PlannedRun", "Step"]
