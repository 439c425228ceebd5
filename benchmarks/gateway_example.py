"""The same naive script against a simulated provider, without and with `OPENAI_BASE_URL` at the gateway; draws both.

    python benchmarks/gateway_example.py [--agents 200] [--calls 4] [--per-minute 240000] [--svg docs/images/gateway-example.svg] [--python PYTHON]

PYTHON needs the package `openai` (.venv-producers/genai has it). Every attempt is counted where it arrives: at the provider.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from quarterdeck.testing import Scenario, SimulatedProvider, Turn

ROOT = Path(__file__).parents[1]
SDK = ROOT / ".venv-producers/genai/bin/python"
ANSWER = "I have looked at it again and this is what follows from what you said. " * 5


class Counted:
    """An ASGI application that writes down when each answer began, and its status."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.seen: list[tuple[float, int]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.seen.append((time.monotonic(), message["status"]))
            await send(message)

        await self._app(scope, receive, note)


def run(python: str, agents: int, calls: int, per_minute: float, *, gateway: bool) -> dict[str, Any]:
    """One run: attempts, refusals and answers as the provider saw them, by second."""
    scenario = Scenario([Turn(ANSWER)] * (calls + 1), after=ANSWER)
    provider = SimulatedProvider(
        [scenario],
        meter="openai",
        limits={"requests": 10_000.0, "total": per_minute},
        first_token_s=0.3,
        token_s=0.01,
    )
    provider.app = counted = Counted(provider.app)
    with provider as address:
        process, base = _gateway(address) if gateway else (None, f"{address}/v1")
        try:
            began = time.monotonic()
            subprocess.run(
                [python, str(ROOT / "benchmarks/naive_agents.py"), str(agents), str(calls)],
                env=os.environ | {"OPENAI_BASE_URL": base},
                check=True,
            )
            took_s = time.monotonic() - began
        finally:
            if process is not None:
                process.terminate()
                process.wait()
    return _summary(counted.seen, began, took_s, agents * calls)


def _gateway(address: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "quarterdeck"), "gateway", "--port", "0"],
        env=os.environ | {"QUARTERDECK_GATEWAY__OPENAI_URL": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["gateway"] + "/openai/v1"


def _summary(seen: list[tuple[float, int]], began: float, took_s: float, wanted: int) -> dict[str, Any]:
    refused = [at - began for at, status in seen if status == 429]
    answered = [at - began for at, status in seen if status == 200]
    return {
        "wanted": wanted,
        "attempts": len(seen),
        "answers": len(answered),
        "refused": len(refused),
        "attempts_per_success": round(len(seen) / max(len(answered), 1), 3),
        "took_s": round(took_s, 1),
        "answers_by_second": _by_second(answered),
        "refused_by_second": _by_second(refused),
    }


def _by_second(times: list[float]) -> list[int]:
    found = [0] * (int(max(times, default=0.0)) + 1)
    for at in times:
        found[int(at)] += 1
    return found


# ---------------------------------------------------------------- the picture

WIDTH, HEIGHT, LEFT, TOP, GAP = 400, 180, 44, 56, 40


def draw(without: dict[str, Any], through: dict[str, Any]) -> str:
    """Two panels on one scale: answers below, refusals on top of them."""
    seconds = max(len(one[key]) for one in (without, through) for key in ("answers_by_second", "refused_by_second"))
    top = max(map(sum, zip(_long(without, seconds, "answers"), _long(without, seconds, "refused"), strict=True)))
    top = max(top, *_long(through, seconds, "answers"), 1)
    whole = LEFT + 2 * WIDTH + GAP + 16
    panels = [
        _panel(LEFT, "without a gateway", without, seconds, top),
        _panel(LEFT + WIDTH + GAP, "OPENAI_BASE_URL at the gateway", through, seconds, top),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {TOP + HEIGHT + 44}" font-family="system-ui, sans-serif" font-size="12">'
        f'<title>Requests a second at the provider, without and with the gateway</title><rect width="100%" height="100%" fill="#fff"/>'
        + "".join(panels)
        + "</svg>\n"
    )


def _long(one: dict[str, Any], seconds: int, what: str) -> list[int]:
    found = one[f"{what}_by_second"]
    return found + [0] * (seconds - len(found))


def _panel(left: int, title: str, one: dict[str, Any], seconds: int, top: int) -> str:
    step = WIDTH / seconds
    base = TOP + HEIGHT
    parts = [
        f'<text x="{left}" y="20" font-weight="600" fill="#16191d">{title}</text>',
        f'<text x="{left}" y="38" fill="#565d66">{one["answers"]:,} answers, {one["refused"]:,} refusals, {one["attempts_per_success"]:.2f} attempts per answer, {one["took_s"]:.0f} s</text>',
        f'<path d="M{left} {TOP}V{base}H{left + WIDTH}" fill="none" stroke="#565d66"/>',
        f'<text x="{left - 6}" y="{TOP + 4}" text-anchor="end" fill="#565d66">{top}</text>',
        f'<text x="{left - 6}" y="{base + 4}" text-anchor="end" fill="#565d66">0</text>',
        f'<text x="{left + WIDTH}" y="{base + 16}" text-anchor="end" fill="#565d66">{seconds} s</text>',
        f'<text x="{left}" y="{base + 32}" fill="#0072b2">■ answered</text><text x="{left + 80}" y="{base + 32}" fill="#ad4300">▨ refused (429), a second</text>',
    ]
    for second, (answered, refused) in enumerate(
        zip(_long(one, seconds, "answers"), _long(one, seconds, "refused"), strict=True)
    ):
        x, low, high = left + second * step, answered / top * HEIGHT, refused / top * HEIGHT
        parts.append(
            f'<rect x="{x:.1f}" y="{base - low:.1f}" width="{step * 0.9:.1f}" height="{low:.1f}" fill="#0072b2"/>'
        )
        parts.append(
            f'<rect x="{x:.1f}" y="{base - low - high:.1f}" width="{step * 0.9:.1f}" height="{high:.1f}" fill="#e69f00" stroke="#ad4300" stroke-width=".5"/>'
        )
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--per-minute", type=float, default=240_000.0, help="the account's tokens a minute")
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--python", default=str(SDK))
    given = parser.parse_args()
    found = {}
    for name, gateway in (("without", False), ("gateway", True)):
        found[name] = run(given.python, given.agents, given.calls, given.per_minute, gateway=gateway)
        short = {key: value for key, value in found[name].items() if not key.endswith("_by_second")}
        print(name, short, file=sys.stderr)
    if given.svg is not None:
        given.svg.write_text(draw(found["without"], found["gateway"]))
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
