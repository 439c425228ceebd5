"""The watch over a fleet, through the real pipeline: OTLP over HTTP in, runs, store, watch, alerts out of the API.

    python benchmarks/fleet.py --part null [--short]
    python benchmarks/fleet.py                     # all parts that need no wall time
    python benchmarks/fleet.py --part thousand     # half an hour of wall time

Months pass in minutes: the server runs in this process and its clock is set (benchmarks/fleet_deck.py says what else is);
spans carry their own times. `thousand` runs the server as a process of its own, in real time. Prints a table on stderr
and one JSON document. `--short` is for development: smaller fleets, no figures to quote.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[1])]

Part = Callable[[bool], dict[str, Any]]


def parts() -> dict[str, Part]:
    """What can be measured, by name. A part loads what it needs when it is called."""
    import fleet_equal
    import fleet_month
    import fleet_recorded
    import fleet_thousand
    import fleet_tools

    return {
        "null": fleet_month.null,
        "one-cohort": fleet_month.one_cohort,
        "diffuse": fleet_month.diffuse,
        "equal": fleet_equal.equal,
        "tool-errors": fleet_tools.tool_errors,
        "harness": fleet_recorded.harness,
        "vendor": fleet_recorded.vendor,
        "thousand": fleet_thousand.thousand,
    }


def main() -> None:
    known = parts()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=list(known), action="append", help="all but `thousand` if not said")
    parser.add_argument("--short", action="store_true")
    arguments = parser.parse_args()
    results: dict[str, Any] = {}
    for name in arguments.part or [name for name in known if name != "thousand"]:
        began = time.perf_counter()
        results[name] = known[name](arguments.short)
        results[name]["took_s"] = round(time.perf_counter() - began, 1)
        print(table(name, results[name]), file=sys.stderr, flush=True)
    print(json.dumps({"short": arguments.short, **results}, indent=1))


def table(part: str, result: dict[str, Any]) -> str:
    """Its figures, one a line; lists are in the document alone."""
    lines = [f"{key:32} {value}" for key, value in result.items() if not isinstance(value, (list, dict))]
    return "\n".join([f"--- {part}", *lines])


if __name__ == "__main__":
    main()
