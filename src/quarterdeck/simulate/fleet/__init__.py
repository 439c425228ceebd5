"""The demo fleet: agents that look like recorded ones, emitted through the real OpenTelemetry SDK.

fitted (shapes) → casting (who does what) → plan (one run, pure) → play (when) → emit (spans).
"""

from quarterdeck.simulate.fleet.plan import FleetPlan, PlannedRun, Step
from quarterdeck.simulate.fleet.play import FleetPlayer, FleetSummary

__all__ = ["FleetPlan", "FleetPlayer", "FleetSummary", "PlannedRun", "Step"]
