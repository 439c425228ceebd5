"""The demo through the real server: how long from the change to the alert that names it, and what else fired.

    python benchmarks/demo.py                      # 20 seeds, 45 s + 75 s each
    python benchmarks/demo.py --seeds 3 --first 40
    python benchmarks/demo.py --no-change --minutes 60

Each seed has a server of its own on free ports, with its data in a temporary folder, and `quarterdeck demo` beside it.
The alerts are asked for every half second, as a person's page would. The change is the start of the first run of the new
prompt. Prints a line a seed on stderr and one JSON document.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from server import Server

QUARTERDECK = str(Path(sys.executable).parent / "quarterdeck")
CHANGE_S = 45
AFTER_S = 75
EVERY_S = 0.5
NAMED = {"agent": "support-agent", "prompt_version": "v7"}


def main() -> None:
    arguments = parsed()
    seeds = range(arguments.first, arguments.first + (1 if arguments.no_change else arguments.seeds))
    with ThreadPoolExecutor(arguments.at_once) as pool:
        results = list(pool.map(lambda seed: one(seed, arguments), seeds))
    print(json.dumps(no_change(results) if arguments.no_change else summary(results), indent=1))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=1, help="seeds played at the same time")
    parser.add_argument("--no-change", action="store_true")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long without a change")
    return parser.parse_args()


def one(seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One fleet on one server, from start to end."""
    seconds = arguments.minutes * 60 if arguments.no_change else CHANGE_S + AFTER_S
    change = ["--no-change"] if arguments.no_change else ["--change", f"{CHANGE_S}s"]
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, Server(Path(folder) / "data") as server:
        fleet = subprocess.Popen(
            [QUARTERDECK, "demo", "--to", server.otlp, "--seed", str(seed), "--agents", str(arguments.agents),
             "--duration", f"{seconds:g}s", "--json", *change],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        rss = [server.rss_bytes()]
        asked_ms: list[float] = []
        while fleet.poll() is None:
            at = time.perf_counter()
            server.get("/api/v1/alerts?state=firing")
            asked_ms.append((time.perf_counter() - at) * 1e3)
            rss.append(server.rss_bytes())
            time.sleep(EVERY_S)
        assert fleet.stdout is not None
        sent = json.loads(fleet.stdout.read())
        found = judged(server, seed)
        found |= {"sent": {name: sent[name] for name in ("runs_finished", "runs_failed", "spans")}}
        found |= {
            "rss_mb": round(max(rss) / 1e6),
            "alerts_p95_ms": round(sorted(asked_ms)[int(len(asked_ms) * 0.95)], 1),
        }
        server.stop()
    print(told(found), file=sys.stderr, flush=True)
    return found


def judged(server: Server, seed: int) -> dict[str, Any]:
    """The alert that names the change, and every other one; when nothing named it, how far the evidence came."""
    listed = server.get("/api/v1/alerts?limit=200")["items"]
    full = [server.get(f"/api/v1/alerts/{alert['alert_id']}") for alert in listed]
    fired = [alert for alert in full if alert["fired_at"] is not None]
    named = [alert for alert in fired if alert["where"].items() >= NAMED.items()]
    others = [alert for alert in fired if alert not in named]
    result: dict[str, Any] = {
        "seed": seed,
        "named": bool(named),
        "seconds": None,
        "others": [short(alert) for alert in others],
        "pending": [short(alert) for alert in full if alert["fired_at"] is None],
    }
    if named:
        first = min(named, key=lambda alert: alert["fired_at"])
        finding = next(f for f in first["findings"] if f["deploy"] is not None)
        opened = moment(finding["deploy"]["opened_at"])
        result |= {"seconds": round(moment(first["fired_at"]) - opened, 1), "alert": short(first)}
    else:
        streams = server.get("/api/v1/signals?limit=5")
        result["closest"] = [
            (s["signal"], s["lane"], s["cohort"], s["evidence"], s["threshold"]) for s in streams["items"]
        ]
    return result


def short(alert: dict[str, Any]) -> dict[str, Any]:
    """What is worth keeping of an alert."""
    signals = sorted({(f["signal"], f["lane"], f["n"], f["evidence"], f["threshold"]) for f in alert["findings"]})
    return {"title": alert["title"], "where": alert["where"], "state": alert["state"], "findings": signals}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def told(found: dict[str, Any]) -> str:
    said = f"named after {found['seconds']} s" if found["named"] else f"not named; closest {found.get('closest')}"
    return f"seed {found['seed']}: {said}; others {found['others']}; pending {len(found['pending'])}"


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = sorted(found["seconds"] for found in results if found["seconds"] is not None)
    within = sum(second <= AFTER_S for second in seconds)
    return {
        "seeds": len(results),
        "named_within_75_s": within,
        "median_s": seconds[len(seconds) // 2] if seconds else None,
        "slowest_s": seconds[-1] if seconds else None,
        "false_alerts": sum(len(found["others"]) for found in results),
        "rss_mb_most": max(found["rss_mb"] for found in results),
        "results": results,
    }


def no_change(results: list[dict[str, Any]]) -> dict[str, Any]:
    found = results[0]
    return {"fired": len(found["others"]) + found["named"], **found}


if __name__ == "__main__":
    main()
