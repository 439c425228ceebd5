"""What was promised of each run: learns from runs in the store, and writes each new run's estimate once."""

from quarterdeck.control.promises.calibration import Cohort, Drift, calibrate
from quarterdeck.control.promises.desk import PromiseDesk
from quarterdeck.control.promises.gauges import PromiseGauges
from quarterdeck.control.promises.options import PromiseOptions
from quarterdeck.control.promises.steps import steps_of

__all__ = ["Cohort", "Drift", "PromiseDesk", "PromiseGauges", "PromiseOptions", "calibrate", "steps_of"]
