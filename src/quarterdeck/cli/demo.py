"""`quarterdeck demo`: a simulated fleet of agents, sent into a running server through the OpenTelemetry SDK."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Annotated

import typer

from quarterdeck.cli.client import AsJson, Key
from quarterdeck.cli.output import number, print_json, print_table, remark
from quarterdeck.errors import BadInput

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_CHANGE_S = 300.0
"""When the prompt changes in a demo without end; in a bounded one it changes half way."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    *,
    to: Annotated[
        str, typer.Option("--to", envvar="QUARTERDECK_OTLP_URL", help="OTLP/HTTP or API address.")
    ] = "http://127.0.0.1:4318",
    agents: Annotated[int, typer.Option("--agents", help="Runs that go on at the same time.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds plan equal fleets.")] = 7,
    duration: Annotated[str, typer.Option("--duration", help='For example 120s, 10m, or "forever".')] = "forever",
    speed: Annotated[float, typer.Option("--speed", help="Seconds of the plan per second.")] = 1.0,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Send a simulated fleet of agents into a running server.

    Half way (after 5 minutes without end) the prompt of support-agent changes from v6 to v7 and makes it worse.
    Ends at --duration or at Ctrl-C; the runs that are open then never end, as when a process is killed.

    \b
    Examples:
      quarterdeck demo
      quarterdeck demo --agents 200 --duration 120s --json
    """
    import asyncio

    from quarterdeck.clock import SystemClock
    from quarterdeck.simulate.fleet import FleetPlan, FleetPlayer
    from quarterdeck.simulate.fleet.send import otlp_processor
    from quarterdeck.simulate.replay.discover import find_endpoints

    seconds = seconds_of(duration)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    changes_at_s = _CHANGE_S if seconds is None else seconds / 2
    plan = FleetPlan(seed=seed, agents=agents, changes_at_s=changes_at_s * speed)
    endpoints = asyncio.run(find_endpoints(to, headers))
    player = FleetPlayer(plan, otlp_processor(endpoints.otlp, headers), SystemClock(), speed=speed)
    remark(f"{agents:,} agents report to {endpoints.otlp}; support-agent gets prompt v7 after {changes_at_s:.0f} s")
    if endpoints.api is not None:
        remark(f"see them at {endpoints.api}")
    stop = threading.Event()
    try:
        summary = player.run(seconds, _interruptible(stop))
    except KeyboardInterrupt:  # while spans were written; `run` has closed the fleet already
        summary = player.summary
    document = {"seed": seed, "agents": agents, **summary.as_json()}
    if as_json:
        print_json(document)
        return
    print_table([("sent", "left"), ("", "right")], [(name, number(value)) for name, value in document.items()])


def _interruptible(stop: threading.Event) -> Callable[[float], bool]:
    """Resting that Ctrl-C turns into an orderly end."""

    def rest(seconds: float) -> bool:
        try:
            return stop.wait(seconds)
        except KeyboardInterrupt:
            return True

    return rest


def seconds_of(text: str) -> float | None:
    """`120s`, `10m`, `1h`, plain seconds; `forever` is None. Raises BadInput."""
    if text == "forever":
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if found is None or not float(found[1]):
        raise BadInput(f"--duration {text!r}: expected a time such as 120s or 10m, or forever")
    return float(found[1]) * _SECONDS[found[2]]
