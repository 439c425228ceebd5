"""Limits in words: one short paragraph an account, and only what is not as usual beyond the numbers.

Refuses: a number that the server did not give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quarterdeck.cli import output

_NONE = "no calls of this project go through the gateway"


def limits_words(found: Mapping[str, Any]) -> list[str]:
    """The lines of `quarterdeck admission status`."""
    lines = [line for account in found["items"] for line in _account(account)] or [_NONE]
    for stop in found["stops"]:
        where = " ".join(f"{name}={value}" for name, value in stop["where"].items())
        lines.append(f"stopped until {stop['until']}: {where} ({stop['reason']})")
    return lines


def _account(account: Mapping[str, Any]) -> Iterator[str]:
    flying = "" if account["in_flight_max"] is None else f" of at most {account['in_flight_max']:.0f}"
    yield f"{account['account']} ({account['meter']}): {account['in_flight']}{flying} in flight, {account['answers']:,} answers"
    if not account["dimensions"]:
        yield "  limits: not known yet; the provider's headers will tell"
    for one in account["dimensions"]:
        scope = f"{one['scope']} " if one["scope"] else ""
        full = "" if one["full_in_s"] is None else f", full in {output.duration(one['full_in_s'])}"
        yield (
            f"  {scope}{one['dimension']}: {output.number(one['remaining'])} of {output.number(one['capacity'])} left, "
            f"{output.number(one['reserved'])} reserved ({output.number(one['limit'])} {one['unit']}{full})"
        )
    keeping = account["keeping"]
    if keeping["fail"] is not None:
        lost = keeping["lost_for_s"]
        state = "" if lost is None else f", not reached for {output.duration(lost)}: {keeping['fail']}"
        yield f"  one ledger for {keeping['processes']} processes at {keeping['place']}{state}"
    yield from _queue(account)
    yield from _trouble(account)


def _queue(account: Mapping[str, Any]) -> Iterator[str]:
    for lane in account["lanes"]:
        if lane["calls"]:
            first = sorted(lane["tenants"], key=lambda tenant: -tenant["calls"])[:3]
            who = ", ".join(f"{tenant['tenant'] or '(no tenant)'} {tenant['calls']}" for tenant in first)
            yield f"  {lane['lane']}: {lane['calls']} wait ({who}); a small one would start in {output.duration(lane['starts_in_s'])}"
    for held in account["held_back"]:
        yield f"  held back by its own share: {held['scope']} {held['calls']}"


def _trouble(account: Mapping[str, Any]) -> Iterator[str]:
    if account["blocked"] is not None:
        yield f"  nothing goes out: {account['blocked']['reason']}, for {output.duration(account['blocked']['ends_in_s'])}"
    for breaker in account["breakers"]:
        if breaker["state"] != "closed":
            yield f"  breaker {breaker['failure']}: {breaker['state']}, opened {breaker['opened']} times"
    if account["shed"]:
        yield "  turned away: " + ", ".join(f"{one['reason']} {one['calls']}" for one in account["shed"])
    retries = account["retries"]
    if retries["retries"] or retries["denied"]:
        share = output.UNKNOWN if retries["share"] is None else f"{retries['share']:.1%}"
        yield f"  retries: {retries['retries']} ({share} of first attempts), {retries['denied']} denied by the budget"
    if account["refused_by_provider"] or account["cut_answers"]:
        yield f"  refused by the provider: {account['refused_by_provider']}; answers cut at our cap: {account['cut_answers']}"
