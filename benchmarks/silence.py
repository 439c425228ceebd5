"""How often a healthy run would be called stalled, or over before its time: recorded runs replayed in time.

    python benchmarks/silence.py ../shared/data/tau2_retail_runs/dev

Every recorded run is healthy: it went on after each of its gaps. A run is heard of when a span of it ends; agents are learned
in the order in which runs end. `stalled`: its root is known to be open and a gap exceeds the limit. `over_early`: its root is not
known before it ends, and a gap exceeds the silence after which such a run counts as finished. Prints one JSON document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from quarterdeck.observe.runs import GapBook, RunOptions
from quarterdeck.observe.runs.gaps import Gap
from quarterdeck.simulate.histories.find import find_histories, read_histories


class Recorded(NamedTuple):
    """One run: its agent, and when it was heard of (seconds), its start first and its end last."""

    agent: str
    run_id: str
    heard_s: tuple[float, ...]


def recorded(folder: Path) -> Iterator[Recorded]:
    seen = set()
    for piece in read_histories(find_histories(folder, print)):
        spans = [span for scope in piece.resource_spans.scope_spans for span in scope.spans]
        root = next((span for span in spans if not span.parent_span_id), None)
        if root is None:
            continue
        said = {pair.key: pair.value.string_value for pair in root.attributes}
        run = Recorded(
            said.get("gen_ai.agent.name", ""),
            said.get("quarterdeck.run.id", root.trace_id.hex()),
            (
                root.start_time_unix_nano / 1e9,
                *sorted(span.end_time_unix_nano / 1e9 for span in spans if span.parent_span_id),
                root.end_time_unix_nano / 1e9,
            ),
        )
        if (run.agent, run.run_id) not in seen:
            seen.add((run.agent, run.run_id))
            yield run


def replay(runs: list[Recorded], options: RunOptions, *, learn: bool) -> dict[str, float]:
    """Each run against what was learned from the runs that had ended before it began."""
    book = GapBook()
    ended = iter(sorted(runs, key=lambda run: run.heard_s[-1]))
    last = next(ended, None)
    stalled = early = known = 0
    for run in sorted(runs, key=lambda run: run.heard_s[0]):
        while last is not None and last.heard_s[-1] <= run.heard_s[0]:
            if learn:
                gap = max(b - a for a, b in pairwise(last.heard_s))
                book.learn([Gap(("default", last.agent, None), last.run_id, gap)])
            last = next(ended, None)
        patience = book.patience_s(("default", run.agent, None))
        known += patience is not None
        stalled += is_stalled(run, patience, options)
        quiet = max(options.finished_after_s, patience or 0.0)
        early += any(b - a >= quiet for a, b in pairwise(run.heard_s))
    n = len(runs)
    return {"runs": n, "agent_known": known / n, "stalled": stalled / n, "over_early": early / n}


def is_stalled(run: Recorded, patience: float | None, options: RunOptions) -> bool:
    longest = 0.0
    for a, b in pairwise(run.heard_s):
        default = max(options.stalled_after_s, options.stalled_gap_factor * longest)
        limit = default if patience is None else max(options.stalled_min_s, patience)
        if b - a >= limit:
            return True
        longest = max(longest, b - a)
    return False


def main() -> None:
    runs, options = list(recorded(Path(sys.argv[1]))), RunOptions()
    print(
        json.dumps({name: replay(runs, options, learn=name == "learned") for name in ("default", "learned")}, indent=2)
    )


if __name__ == "__main__":
    main()
