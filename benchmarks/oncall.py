"""From the commit of the run that decides to the arrival of the page: `python benchmarks/oncall.py`.

Real: the server as a process, OTLP over HTTP, DuckDB, the watch as shipped (it looks every second), on call, the box, and a
receiver over HTTP. Under watch: 1,000 signals (72 agents). Then, every two seconds, one more agent turns bad with
a prompt version of its own: one request holds its bad runs, and good ones of other agents, so that the fleet as a whole is no worse.
The clock starts at the answer to that request (its spans are on disk by then) and stops when the receiver has the body. The page limit of a shift
is lifted, since a page every two seconds is what is measured; and so is the least number of runs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from fleet_load import Call, Told, batches, model_call, request_of
from server import Server

BEFORE = 60
"""Good runs of each agent: what is normal is known by then."""
BAD, GOOD = 20, 180
"""Runs of one request: those that decide, and those of other agents beside them; one in ten fails, as before."""
EVERY_S = 2.0
PATIENCE_S = 30.0
AGENT = re.compile(r"agent-[0-9]{3}")


class Receiver:
    """Pages by the agent that they name, with the moments of their arrival. A page names the new version or its whole agent: each agent has one."""

    def __init__(self) -> None:
        self.at_s: dict[str, list[float]] = defaultdict(list)
        self.bodies = 0
        self.changed = threading.Condition()

    def take(self, body: bytes) -> None:
        arrived_s = time.perf_counter()
        told = json.loads(body)
        with self.changed:
            self.bodies += 1
            if told["event"] == "firing":
                for name in set(AGENT.findall(told["text"])):
                    self.at_s[name].append(arrived_s)
            self.changed.notify_all()

    def first(self, name: str, after_s: float) -> float | None:
        """The first page about the agent after it turned bad."""
        return next((at_s for at_s in self.at_s.get(name, ()) if at_s >= after_s), None)

    def wait(self, name: str, after_s: float, seconds: float) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.first(name, after_s) is not None, seconds)


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(agent: int, number: int, started_s: float, *, bad: bool, version: str) -> Told:
    """One run of a second; a bad one fails."""
    return Told(
        run_id=f"{agent}-{version}-{number}", agent=f"agent-{agent:03d}", started_s=started_s, ended_s=started_s + 1,
        identity={"quarterdeck.prompt.version": version}, root={"quarterdeck.outcome": "failure" if bad else "success"},
        calls=[Call(model_call("gpt-4.1-mini", 500, 60))], error="schema" if bad else None,
    )  # fmt: skip


def post(server: Server, body: bytes) -> float:
    """Sends; answers when the commit was answered."""
    request = urllib.request.Request(
        f"{server.otlp}/v1/traces", body, {"content-type": "application/x-protobuf"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return time.perf_counter()


def taken(server: Server) -> float:
    lines = server.fetch("/metrics").decode().splitlines()
    return next((float(one.split()[1]) for one in lines if one.startswith("quarterdeck_watch_runs_taken_total")), 0.0)


def streams(server: Server) -> int:
    found, cursor = 0, ""
    while True:
        page = server.get(f"/api/v1/signals?limit=500{cursor}")
        found += len(page["items"])
        if not page.get("next_cursor"):
            return found
        cursor = f"&cursor={page['next_cursor']}"


def warm(server: Server, agents: int) -> None:
    """Everybody's normal, in the hour before now."""
    epoch_ns = time.time_ns() - 3_600 * 10**9
    runs = (
        run(agent, number, 30.0 * number + agent / agents, bad=number % 10 == agent % 10, version="v1")
        for number in range(BEFORE)
        for agent in range(agents)
    )
    for batch in batches(runs, 500):
        post(server, request_of(batch, epoch_ns))
    deadline_s = time.perf_counter() + 600
    while taken(server) < agents * BEFORE:
        if time.perf_counter() > deadline_s:
            raise SystemExit(f"the watch took {taken(server):.0f} of {agents * BEFORE} runs in ten minutes")
        time.sleep(0.5)


def turn_bad(server: Server, agent: int, agents: int) -> float:
    """The runs that decide are the last of their request; answers when it was answered."""
    good = [
        run(agent + 1 + n % (agents - 1), 10_000 * (agent + 1) + n, -30.0, bad=False, version="v1") for n in range(GOOD)
    ]
    others = [one._replace(agent=f"agent-{int(one.agent[6:]) % agents:03d}") for one in good]
    bad = [run(agent, n, -20.0 + n / 10, bad=True, version=f"v2-{agent:03d}") for n in range(BAD)]
    return post(server, request_of([*others, *bad], time.time_ns()))


def pages(server: Server, receiver: Receiver, agents: int, wanted: int) -> dict[str, float | None]:
    """Seconds from commit to arrival, by agent; None: no page came."""
    committed_s: dict[str, float] = {}
    due_s = time.perf_counter()
    for agent in range(wanted):
        time.sleep(max(0.0, due_s - time.perf_counter()))
        due_s += EVERY_S
        committed_s[f"agent-{agent:03d}"] = turn_bad(server, agent, agents)
    end_s = time.perf_counter() + PATIENCE_S
    for name, at_s in committed_s.items():
        receiver.wait(name, at_s, max(0.0, end_s - time.perf_counter()))
    arrived = {name: receiver.first(name, at_s) for name, at_s in committed_s.items()}
    return {name: None if at is None else at - committed_s[name] for name, at in arrived.items()}


def became(server: Server, missing: set[str]) -> dict[str, int]:
    """Of the agents that did not page: how their alerts stand, by the last decision about each; `none`: no alert is about them."""
    stands, cursor = dict.fromkeys(missing, "none"), ""
    while missing:
        page = server.get(f"/api/v1/alerts?limit=500{cursor}")
        for alert in page["items"]:
            for name in missing & set(AGENT.findall(alert["title"])):
                paging = alert.get("paging") or {}
                stands[name] = f"{alert['state']}, {paging.get('what')}: {paging.get('reason')}"
        if not page.get("next_cursor"):
            break
        cursor = f"&cursor={page['next_cursor']}"
    return dict(Counter(stands.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--agents", type=int, default=72, help="agents under watch, each about 14 signals; each pages once"
    )
    parser.add_argument("--pages", type=int, default=72)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, receiving() as (receiver, url):
        env = {"QUARTERDECK_NOTIFY__WEBHOOK_URL": url, "QUARTERDECK_ONCALL__PAGES_PER_SHIFT": "100000"}
        env["QUARTERDECK_ONCALL__RUNS_MIN"] = "1"
        with Server(Path(folder) / "data", env=env) as server:
            warm(server, asked.agents)
            print(
                f"{asked.agents} agents, {asked.agents * BEFORE:,} runs, {streams(server):,} signals under watch",
                flush=True,
            )
            found = pages(server, receiver, asked.agents, asked.pages)
            others = became(server, {name for name, delay in found.items() if delay is None})
    delays = sorted(delay for delay in found.values() if delay is not None)
    if not delays:
        raise SystemExit("no page came")
    p50, p95, p99 = (delays[min(len(delays) - 1, int(share * len(delays)))] for share in (0.5, 0.95, 0.99))
    print(f"{len(delays)} pages of {asked.pages}; {receiver.bodies} messages at the receiver")
    for stands, n in others.items():
        print(f"without a page: {n}: {stands}")
    print(f"commit to arrival: p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s, longest {delays[-1]:.2f} s")


if __name__ == "__main__":
    main()
