"""Sessions and runs with defaults, so that a test says only what it is about. Refuses randomness of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quarterdeck.model.runs import Cost, Orphans, Run, Tokens
from quarterdeck.observe.sampling.facts import SessionFacts
from quarterdeck.observe.sampling.options import SamplingOptions
from quarterdeck.observe.sampling.policy import Terms, closing_ns

KEY = b"k" * 32
SECOND = 10**9
HOUR_NS = 3600 * SECOND
WINDOW = 500_000
START_NS = WINDOW * HOUR_NS
AFTER_NS = closing_ns(WINDOW, SamplingOptions())
"""When the window has closed."""


def session(n: int, /, **changes: Any) -> SessionFacts:
    """A session of one run in the window, without any evidence; its key comes from `n`."""
    values: dict[str, Any] = {
        "project": "default",
        "session_key": f"s{n}",
        "stratum": "refund|support|1|v7|gpt|acme",
        "unknown": (),
        "last_seen_ns": START_NS + SECOND,
        "live": False,
        "runs": 1,
        "evidence": None,
        "cost_usd": None,
        "duration_s": None,
        "tokens": 100,
        "text_bytes": 400,
    }
    return SessionFacts(**(values | changes))


def terms(now_ns: int = AFTER_NS, /, **options: Any) -> Terms:
    return Terms(SamplingOptions(**options), KEY, WINDOW, now_ns)


_RUN = Run(
    project="default",
    run_id="r",
    trace_ids=("0" * 32,),
    root_span_id="0" * 16,
    root_name="support",
    root_synthetic=False,
    session_id=None,
    session_source=None,
    tenant="acme",
    environment="production",
    feature=None,
    task_class="refund",
    user_hash=None,
    agent="support",
    agent_version="1",
    prompt_version="v7",
    model="gpt",
    provider="openai",
    toolset_hash=None,
    config_hash=None,
    lifecycle="finished",
    status="ok",
    error_class=None,
    outcome=None,
    started_at_ns=START_NS,
    ended_at_ns=START_NS + SECOND,
    last_seen_ns=START_NS + SECOND,
    spans=3,
    model_calls=1,
    tool_calls=1,
    retries=0,
    errors=0,
    depth=1,
    tokens=Tokens(100, 20, coverage="full"),
    cost=Cost(0.01, None, "priced"),
    residual_tokens=0,
    orphans=Orphans(),
)


def run(n: int, /, **changes: Any) -> Run:
    """A finished run without session; its id comes from `n`."""
    return replace(_RUN, **({"run_id": f"r{n}"} | changes))
