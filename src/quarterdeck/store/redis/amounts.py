"""Shared buckets of one account in Redis or Valkey: one script per operation, the server's own clock.

An operation is all or nothing and never waits longer than its time limit. A server that cannot be reached is an answer
(None), not an error: what then happens is the engine's choice. Refuses: deciding anything outside the scripts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from quarterdeck.errors import BadInput
from quarterdeck.model.amounts import Lack, Leased, Report, Standing, Vector, Word

if TYPE_CHECKING:
    import redis

TIMEOUT_S = 0.25
LEASE_S = 15.0
"""After which a process that says nothing is taken for lost: its concurrency returns, what it had leased counts as spent."""
_SCHEMES = ("redis", "rediss", "unix")
_DIMENSIONS = 6

Clock = Callable[[float], dict[str, Any]]
"""Tests only: from the caller's time, what the scripts take for the server's time, uptime and run."""


class RedisAmounts:
    """`url`: `redis://host:6379/0`. `account`: whose buckets; processes with the same share them. Opens no connection before the first operation.

    Raises BadInput for an address that is none, and when the package `redis` is not installed.
    """

    def __init__(
        self,
        url: str,
        account: str,
        *,
        process: str | None = None,
        lease_s: float = LEASE_S,
        timeout_s: float = TIMEOUT_S,
        clock: Clock | None = None,
    ) -> None:
        self._client = connect(url, timeout_s)
        self._url = urlsplit(url)
        self._prefix = f"quarterdeck:{{{account}}}:"  # braces: all keys of an account live in one slot of a cluster
        self._process = process or uuid4().hex
        self._lease_s = lease_s
        self._clock = clock
        self._scripts = {name: self._client.register_script(_script(name)) for name in ("lease", "sync", "hear")}

    @property
    def place(self) -> str:
        return f"{self._url.scheme}://{self._url.hostname or ''}:{self._url.port or 6379}{self._url.path}"

    def lease(
        self, now: float, reports: Sequence[Report], need: Sequence[float], want: Sequence[Sequence[float]]
    ) -> Leased | None:
        return self._run("lease", now, reports, {"need": list(need), "want": [list(one) for one in want]})

    def sync(self, now: float, reports: Sequence[Report]) -> Leased | None:
        return self._run("sync", now, reports, {})

    def hear(self, now: float, report: Report, words: Sequence[Word], drained: Sequence[int] | None) -> Leased | None:
        said = {"words": [_without_none(word._asdict()) for word in words]}
        return self._run("hear", now, (report,), said if drained is None else {**said, "drained": list(drained)})

    def _run(self, name: str, now: float, reports: Sequence[Report], more: dict[str, Any]) -> Leased | None:
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra; who has this object has it

        ask = {"process": self._process, "lease_s": self._lease_s, "reports": [_plain(one) for one in reports], **more}
        if self._clock is not None:
            ask |= self._clock(now)
        try:
            answer = self._scripts[name](keys=[self._prefix + one.scope for one in reports], args=[json.dumps(ask)])
        except (RedisError, OSError):
            return None
        return _read(answer)

    def close(self) -> None:
        """Close the connections. What was leased returns when its lease is over."""
        self._client.close()


def connect(url: str, timeout_s: float) -> redis.Redis:
    """A client that gives up after `timeout_s` and does not try again by itself. Raises BadInput."""
    try:
        import redis  # noqa: PLC0415 - an extra
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError as error:
        raise BadInput("the package redis is not installed", mend="pip install 'quarterdeck[redis]'") from error
    if urlsplit(url).scheme not in _SCHEMES:
        raise BadInput(f"{url!r} is no address of Redis or Valkey; expected redis://HOST:PORT/DB, rediss:// or unix://")
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def _script(name: str) -> str:
    room = files("quarterdeck.store.redis")
    return room.joinpath("buckets.lua").read_text("utf-8") + room.joinpath(f"{name}.lua").read_text("utf-8")


def _plain(report: Report) -> dict[str, Any]:
    """JSON for the script, in which false is what None is here."""
    return {
        "limits": [False if limit is None else limit for limit in report.limits],
        "measured": [False if limit is None else limit for limit in report.measured],
        "burst": report.burst_s,
        "streamed": report.streamed,
        "known": report.known,
        "give": report.give,
        "purse": report.purse,
        "held": report.held,
        "used": report.used,
    }


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _read(answer: Sequence[Any]) -> Leased:
    standings, granted, lack = answer
    return Leased(
        tuple(_standing(one) for one in standings),
        tuple(_vector(one) for one in granted) if granted else None,
        _lack(lack) if lack else None,
    )


def _standing(fields: Sequence[str]) -> Standing:
    four = [fields[4 * i : 4 * i + 4] for i in range(_DIMENSIONS)]
    limits = tuple(float(one[0]) if one[0] else None for one in four)
    level, held, taken = (_vector([one[at] for one in four]) for at in (1, 2, 3))
    return Standing(limits, level, held, taken, int(fields[-1]))


def _lack(fields: Sequence[str]) -> Lack:
    bucket, dimension, wait_s, never = fields
    return Lack(int(bucket), int(dimension), float(wait_s) if float(wait_s) >= 0 else float("inf"), bool(never))


def _vector(fields: Sequence[str]) -> Vector:
    return tuple(float(one) for one in fields)
