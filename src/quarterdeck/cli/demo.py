"""`quarterdeck demo`: a simulated fleet of agents, sent into a running server through the OpenTelemetry SDK."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli.client import AsJson, Key
from quarterdeck.cli.output import number, print_json, print_table, remark
from quarterdeck.errors import BadInput

if TYPE_CHECKING:
    from quarterdeck.simulate.fleet import FleetPlayer, FleetSummary

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_CHANGE_S = 45.0
_TOLD_EVERY_S = 60.0
"""Seconds of history between two lines on stderr."""


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
    change: Annotated[
        str | None,
        typer.Option("--change", help="When support-agent gets prompt v7: 45s after the past is sent if not said."),
    ] = None,
    no_change: Annotated[bool, typer.Option("--no-change", help="Nothing changes, so all must stay quiet.")] = False,
    history: Annotated[
        str, typer.Option("--history", help="Past (of the plan) that is sent first, at most 1h; 0 for none.")
    ] = "4m",
    speed: Annotated[float, typer.Option("--speed", help="Seconds of the plan per second.")] = 1.0,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Send a simulated fleet of agents into a running server.

    First the last 4 minutes, so that the server knows what is normal. 45 seconds after that the prompt of
    support-agent changes from v6 to v7 and makes it worse. Ends at --duration or at Ctrl-C; the runs that are open then
    never end, as when a process is killed.

    \b
    Examples:
      quarterdeck demo
      quarterdeck demo --no-change --duration 1h
      quarterdeck demo --agents 200 --duration 120s --json
    """
    import asyncio

    from quarterdeck.clock import SystemClock
    from quarterdeck.simulate.fleet import FleetPlan, FleetPlayer
    from quarterdeck.simulate.fleet.send import otlp_processor
    from quarterdeck.simulate.replay.discover import find_endpoints

    seconds = seconds_of(duration)
    changes_at_s = _change_of(change, no_change)
    history_s = 0.0 if history == "0" else bounded("--history", history)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    plan = FleetPlan(seed=seed, agents=agents, changes_at_s=None if changes_at_s is None else changes_at_s * speed)
    endpoints = asyncio.run(find_endpoints(to, headers))
    way = otlp_processor(endpoints.otlp, headers)
    player = FleetPlayer(plan, way, SystemClock(), speed=speed, history_s=history_s)
    remark(f"{agents:,} agents report to {endpoints.otlp}; {_said(changes_at_s, seconds)}")
    if endpoints.api is not None:
        remark(f"see them at {endpoints.api}")
    document = {"seed": seed, "agents": agents, **_play(player, seconds, history_s).as_json()}
    if as_json:
        print_json(document)
        return
    print_table([("sent", "left"), ("", "right")], [(name, number(value)) for name, value in document.items()])


def _play(player: FleetPlayer, seconds: float | None, history_s: float) -> FleetSummary:
    try:
        return player.run(seconds, _interruptible(threading.Event()), told=_telling(history_s))
    except KeyboardInterrupt:  # while spans were written; `run` has closed the fleet already
        return player.summary


def _change_of(change: str | None, no_change: bool) -> float | None:
    """Seconds after the start, None = never. Raises BadInput."""
    if no_change and change is not None:
        raise BadInput("--change and --no-change exclude each other: expected one of them")
    if no_change:
        return None
    return _CHANGE_S if change is None else bounded("--change", change)


def _said(changes_at_s: float | None, seconds: float | None) -> str:
    if changes_at_s is None:
        return "nothing changes"
    if seconds is not None and changes_at_s >= seconds:
        return f"it ends after {seconds:g} s, before the prompt of support-agent would change"
    return f"support-agent gets prompt v7 {changes_at_s:g} s after the past is sent"


def _telling(history_s: float) -> Callable[[float], None]:
    """A line on stderr for every minute of history that is sent."""
    said_s = history_s

    def told(left_s: float) -> None:
        nonlocal said_s
        if left_s <= 0:
            remark(f"the {history_s:g} seconds before the start are sent; from here on it is live")
        elif said_s - left_s >= _TOLD_EVERY_S:
            said_s = left_s
            remark(f"the past is sent until {left_s:.0f} seconds before the start")

    return told


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
    return None if text == "forever" else bounded("--duration", text, also=", or forever")


def bounded(option: str, text: str, *, also: str = "") -> float:
    """A time above 0 in seconds. Raises BadInput that names the option."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if found is None or not float(found[1]):
        raise BadInput(f"{option} {text!r}: expected a time such as 120s or 10m{also}")
    return float(found[1]) * _SECONDS[found[2]]
