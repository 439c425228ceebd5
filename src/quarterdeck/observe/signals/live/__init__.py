"""Facts about runs that are still going: loops, silence, spending that runs away; one alert per cause.

Outside the promised number of false alarms: the rules are exact, and each run can be opened.
"""

from quarterdeck.observe.signals.live.breaking import pass_on
from quarterdeck.observe.signals.live.options import LiveOptions
from quarterdeck.observe.signals.live.rules import LiveRules, StopRequest

__all__ = ["LiveOptions", "LiveRules", "StopRequest", "pass_on"]
