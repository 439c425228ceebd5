"""The view of a run of 50,000 spans in Chromium: first paint, frames while panning and scrolling, memory over a minute.

    python benchmarks/run_view.py --spans 50000 --pan-s 60

Sends one run of a lead agent and its workers to a real server, opens it in headless Chromium (software rendering)
five times with a server that has just started (nothing is built) and five times with one that has it ready, then pans
the timeline and scrolls the tree with a frame counter running. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from server import Server

TRACE = bytes.fromhex("a1" * 16)
STEP_NS = 20_000_000
PER_REQUEST = 2_500
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
]
FRAMES = """() => { window.__frames = []; const tick = (at) => { window.__frames.push(at); requestAnimationFrame(tick); };
  requestAnimationFrame(tick); }"""


def request(spans: list[tuple[int, int, str, int, int, dict[str, Any], bool]]) -> bytes:
    """(number, parent, name, start, end, attributes, failed) of each span, as protobuf."""
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    pair = block.resource.attributes.add()
    pair.key, pair.value.string_value = "service.name", "bench"
    scope = block.scope_spans.add()
    scope.scope.name = "bench"
    for number, parent, name, start, end, attributes, failed in spans:
        span = scope.spans.add()
        span.trace_id, span.span_id = TRACE, number.to_bytes(8, "big")
        span.parent_span_id = parent.to_bytes(8, "big") if parent else b""
        span.name, span.kind = name, 1
        span.start_time_unix_nano, span.end_time_unix_nano = start, end
        if failed:
            span.status.code, span.status.message = 2, "the order service did not answer"
        for key, value in attributes.items():
            pair = span.attributes.add()
            pair.key = key
            if isinstance(value, int):
                pair.value.int_value = value
            else:
                pair.value.string_value = value
    return message.SerializeToString()


def large_run(count: int, start_ns: int) -> list[tuple[int, int, str, int, int, dict[str, Any], bool]]:
    """A lead agent; below it workers of 24 model calls and 24 tool calls each, four at a time; every 97th tool fails."""
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "lead", "gen_ai.provider.name": "openai"}
    spans: list[tuple[int, int, str, int, int, dict[str, Any], bool]] = []
    lanes = [start_ns] * 4
    number = 1
    while number < count:
        worker, lane = number + 1, (number // 49) % 4
        number, begun, at = worker, lanes[lane], lanes[lane]
        for turn in range(min(48, count - worker)):
            number += 1
            spans.append(_work(number, worker, turn, at))
            at += STEP_NS
        name = f"worker-{worker // 49 % 7}"
        spans.append((worker, 1, f"invoke_agent {name}", begun, at, agent | {"gen_ai.agent.name": name}, False))
        lanes[lane] = at
    spans.append((1, 0, "invoke_agent lead", start_ns, max(lanes), agent, False))
    return spans


def _work(number: int, parent: int, turn: int, at: int) -> tuple[int, int, str, int, int, dict[str, Any], bool]:
    if turn % 2:
        tool = f"tool_{turn % 9}"
        attributes: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
        return number, parent, f"execute_tool {tool}", at, at + STEP_NS // 2, attributes, number % 97 == 0
    history = [
        {"role": "user", "parts": [{"type": "text", "content": f"step {n}: " + "x" * 200}]}
        for n in range(turn // 2 + 1)
    ]
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.response.id": f"r{number}",
        "gen_ai.usage.input_tokens": 400 + 60 * turn,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.input.messages": json.dumps(history),
    }
    return number, parent, "chat gpt-4.1", at, at + STEP_NS * 3 // 4, attributes, False


def send(server: Server, count: int) -> str:
    """Answers the run's id when all its spans can be read."""
    spans = large_run(count, time.time_ns() - 3600 * 10**9)
    for at in range(0, len(spans), PER_REQUEST):
        body = request(spans[at : at + PER_REQUEST])
        headers = {"content-type": "application/x-protobuf"}
        with urllib.request.urlopen(urllib.request.Request(f"{server.otlp}/v1/traces", body, headers), timeout=60):
            pass
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        runs = server.get("/api/v1/runs?limit=1&sort=spans")["items"]
        if runs and runs[0]["spans"] >= len(spans):
            return str(runs[0]["run_id"])
        time.sleep(0.2)
    raise SystemExit("the run did not become readable within two minutes")


def opened(browser: Any, address: str) -> dict[str, float]:
    """Milliseconds from navigation to the first row, and until all rows are there, in a fresh context."""
    tab = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    at = time.perf_counter()
    tab.goto(address, wait_until="commit")
    tab.wait_for_selector(".tree-row", timeout=60_000)
    rows = (time.perf_counter() - at) * 1e3
    tab.wait_for_function(
        "() => / spans, /.test(document.querySelector('.run-tools')?.textContent ?? '')", timeout=60_000
    )
    whole = (time.perf_counter() - at) * 1e3
    tab.context.close()
    return {"rows_ms": rows, "whole_ms": whole}


def server_times(server: Server, run_id: str) -> dict[str, float]:
    """Milliseconds of the answers that the view asks for."""
    took = {}
    for name, path in {
        "quick": "outline?quick=true&limit=400&width=1200",
        "whole, not ready": "outline?limit=50000&width=1200",
        "whole, ready": "outline?limit=50000&width=1200",
        "context, 200 calls": "context?limit=200",
    }.items():
        at = time.perf_counter()
        server.get(f"/api/v1/runs/{run_id}/{path}")
        took[name] = round((time.perf_counter() - at) * 1e3, 1)
    return took


def frames(tab: Any, act: Any, seconds: float) -> dict[str, float]:
    """Frames per second while `act(step)` is called again and again, and the longest gap between two."""
    tab.evaluate(FRAMES)
    deadline, step = time.perf_counter() + seconds, 0
    while time.perf_counter() < deadline:
        act(step)
        step += 1
    at = tab.evaluate("window.__frames")
    gaps = [after - before for before, after in itertools.pairwise(at)]
    per_s = 1000 * len(gaps) / (at[-1] - at[0])
    slow = sorted(gaps)[int(len(gaps) * 0.99)]
    return {
        "frames_per_s": round(per_s, 1),
        "frame_ms_p99": round(slow, 1),
        "frame_ms_max": round(max(gaps), 1),
        "moves": step,
    }


def heap_mb(tab: Any) -> float:
    tab.evaluate("() => window.gc && window.gc()")
    return float(tab.evaluate("performance.memory.usedJSHeapSize")) / 1e6


def moved(browser: Any, address: str, pan_s: float) -> dict[str, Any]:
    tab = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    tab.goto(f"{address}?view=timeline")
    tab.wait_for_function(
        "() => / spans, /.test(document.querySelector('.run-tools')?.textContent ?? '')", timeout=60_000
    )
    box = tab.locator("canvas.lanes").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.move(*middle)
    for _ in range(20):
        tab.mouse.wheel(0, -300)
    before = heap_mb(tab)
    tab.mouse.down()

    def drag(step: int) -> None:
        swing = (step * 7) % 400 - 200
        tab.mouse.move(middle[0] + swing, middle[1] + swing / 3)

    panning = frames(tab, drag, pan_s)
    tab.mouse.up()
    after = heap_mb(tab)
    tab.goto(address)
    tab.wait_for_function(
        "() => / spans, /.test(document.querySelector('.run-tools')?.textContent ?? '')", timeout=60_000
    )
    tab.locator(".tree").hover()
    tree_before = heap_mb(tab)
    scrolling = frames(tab, lambda step: tab.mouse.wheel(0, 120 if step % 600 < 500 else -120), max(5.0, pan_s / 4))
    tree_after = heap_mb(tab)
    tab.context.close()
    return {
        "panning": panning,
        "scrolling": scrolling,
        "heap_mb": {
            "before": round(before, 1),
            "after": round(after, 1),
            "tree before": round(tree_before, 1),
            "tree after": round(tree_after, 1),
        },
    }


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=50_000)
    parser.add_argument("--pan-s", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="qd-run-view-"))
    found: dict[str, Any] = {"what": "a run of many spans in Chromium", "spans": arguments.spans}
    with Server(folder / "data") as server:
        run_id = send(server, arguments.spans)
        found["server_ms"] = server_times(server, run_id)
        server.stop()
    cold, warm = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for _ in range(arguments.rounds):
            with Server(folder / "data") as server:
                server.get("/api/v1/runs?limit=1")
                cold.append(opened(browser, f"{server.api}/runs/{run_id}"))
                server.stop()
        with Server(folder / "data") as server:
            address = f"{server.api}/runs/{run_id}"
            warm = [opened(browser, address) for _ in range(arguments.rounds + 1)][1:]
            found |= moved(browser, address, arguments.pan_s)
            server.stop()
        browser.close()
    shutil.rmtree(folder)
    for name, rounds in (("not ready", cold), ("ready", warm)):
        for part in ("rows_ms", "whole_ms"):
            values = [one[part] for one in rounds]
            found[f"{part} {name}"] = {"p50": round(statistics.median(values)), "max": round(max(values))}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
