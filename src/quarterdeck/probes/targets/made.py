"""From the options of a side to the target that runs it."""

from __future__ import annotations

from quarterdeck.model.ports import Admitter, ProbeTarget
from quarterdeck.probes.options import Side
from quarterdeck.probes.targets.command import Command
from quarterdeck.probes.targets.command_options import CommandSide
from quarterdeck.probes.targets.endpoint import Endpoint
from quarterdeck.probes.targets.endpoint_options import EndpointSide
from quarterdeck.probes.targets.http import Http
from quarterdeck.probes.targets.limits import Limits


def made(side: Side, limits: Limits, admitter: Admitter | None) -> ProbeTarget:
    """Nothing is asked yet."""
    if isinstance(side, EndpointSide):
        return Endpoint(side, limits, admitter)
    if isinstance(side, CommandSide):
        return Command(side.argv, limits, side.cwd)
    return Http(side, limits)
