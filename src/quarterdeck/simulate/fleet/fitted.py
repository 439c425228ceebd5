"""Shapes of recorded runs, per model: how many calls, how many tokens, how long, how often a tool fails.

Fitted to the 1,419 recorded tau2 retail runs that have messages (set `tau2_retail_runs`, side dev; codesque16/tau2-bench,
MIT): means and standard deviations of logarithms, over runs for `calls`, `first`, `growth`, over calls for the rest.
No recorded row is kept here. `docs/design/simulate.md` says how to fit them again.
"""

from __future__ import annotations

from typing import NamedTuple


class LogNormal(NamedTuple):
    """Mean and standard deviation of the natural logarithm."""

    mu: float
    sigma: float


class Shape(NamedTuple):
    """What runs of one model look like.

    `calls`: model calls per run. `first`: input tokens of the first call. `growth`: input tokens that each further
    call adds. `output`: output tokens per call. `latency_s`: seconds per call. `tools_per_call`: tool calls per model
    call. `tool_error`, `cached`, `reasoning`: shares of tool calls, of input tokens, of output tokens.
    """

    calls: LogNormal
    first: LogNormal
    growth: LogNormal
    output: LogNormal
    latency_s: LogNormal
    tools_per_call: float
    tool_error: float
    cached: float
    reasoning: float


SHAPES = {
    "gpt-4.1-mini": Shape(
        LogNormal(2.572, 0.313),
        LogNormal(8.202, 0.060),
        LogNormal(5.710, 0.352),
        LogNormal(3.966, 0.786),
        LogNormal(0.331, 0.461),
        0.637,
        0.0705,
        0.771,
        0.0,
    ),
    "gpt-4.1": Shape(
        LogNormal(2.441, 0.238),
        LogNormal(8.242, 0.033),
        LogNormal(5.978, 0.400),
        LogNormal(4.193, 0.989),
        LogNormal(0.438, 0.539),
        0.813,
        0.0306,
        0.680,
        0.0,
    ),
    "gpt-5-mini": Shape(
        LogNormal(2.471, 0.312),
        LogNormal(8.201, 0.009),
        LogNormal(5.911, 0.326),
        LogNormal(4.908, 1.188),
        LogNormal(1.357, 0.778),
        0.571,
        0.0495,
        0.777,
        0.279,
    ),
    "gpt-5-nano": Shape(
        LogNormal(2.463, 0.318),
        LogNormal(8.201, 0.009),
        LogNormal(5.804, 0.374),
        LogNormal(5.385, 1.111),
        LogNormal(1.187, 0.628),
        0.586,
        0.1317,
        0.754,
        0.507,
    ),
    "gemini-3-flash": Shape(  # the long harness (mermaid_harness_v1): three times the tokens of the short one
        LogNormal(3.195, 0.348),
        LogNormal(8.631, 0.007),
        LogNormal(5.498, 0.226),
        LogNormal(3.631, 0.839),
        LogNormal(0.748, 0.432),
        0.812,
        0.0090,
        0.363,
        0.0,
    ),
}

RETAIL_TOOLS = {
    "get_order_details": 3943,
    "get_user_details": 1266,
    "find_user_id_by_name_zip": 1252,
    "get_product_details": 1205,
    "return_delivered_order_items": 592,
    "modify_pending_order_items": 530,
    "exchange_delivered_order_items": 433,
    "find_user_id_by_email": 372,
    "cancel_pending_order": 344,
    "modify_pending_order_address": 225,
    "calculate": 172,
    "transfer_to_human_agents": 126,
}
"""How often the recorded agents called each of their commonest tools."""
