"""A replay from end to end: find recordings, send them, wait until they are readable, say what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx

from quarterdeck.clock import Clock, SystemClock
from quarterdeck.errors import BadInput, QuarterdeckError
from quarterdeck.simulate.histories.find import Warn, find_histories, read_histories
from quarterdeck.simulate.histories.shape import History, Piece
from quarterdeck.simulate.histories.tally import ReplaySummary, Tally
from quarterdeck.simulate.options import ReplayOptions
from quarterdeck.simulate.replay.batches import batches, request_of
from quarterdeck.simulate.replay.discover import discover
from quarterdeck.simulate.replay.pace import Sleep, at_once, paced
from quarterdeck.simulate.replay.readable import wait_until_readable
from quarterdeck.simulate.replay.send import send


class Progress(NamedTuple):
    """Where a replay is: `phase` is "sending" or "settling"; spans answered so far; tried addresses in words."""

    phase: str
    spans: int
    detail: str


def replay(
    path: Path,
    to_url: str,
    *,
    speed: float | None = None,
    options: ReplayOptions | None = None,
    headers: Mapping[str, str] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    warn: Warn = lambda _: None,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
) -> ReplaySummary:
    """Send the recordings at `path` to `to_url` (OTLP/HTTP or API address) and return when they are readable.

    `speed` None sends recorded times at once; a factor X moves times to now and paces (X = 60: an hour a minute).
    The summary counts what was sent; `readable` is None when the receiver is not ours and nobody can say.
    Raises BadFile, BadInput, Unreachable, Overloaded.
    """
    if speed is not None and not speed > 0:
        raise BadInput(f"speed must be above 0, got {speed}", mend='give a factor such as 60, or "max"')
    histories = find_histories(path, warn)
    job = _Replay(
        histories=histories,
        speed=speed,
        options=options or ReplayOptions(),
        progress=progress,
        warn=warn,
        clock=clock or SystemClock(),
        sleep=sleep,
    )
    return asyncio.run(job.run(to_url, dict(headers or {})))


class _Replay:
    """One replay's state: what was sent, what was refused."""

    def __init__(
        self,
        *,
        histories: Sequence[History],
        speed: float | None,
        options: ReplayOptions,
        progress: Callable[[Progress], None],
        warn: Warn,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self._histories = histories
        self._speed = speed
        self._options = options
        self._progress = progress
        self._warn = warn
        self._clock = clock
        self._sleep = sleep
        self._tally = Tally()
        self._answered = 0
        self._rejected = 0

    async def run(self, to_url: str, headers: dict[str, str]) -> ReplaySummary:
        async with httpx.AsyncClient(headers=headers, timeout=self._options.request_timeout_s, trust_env=False) as http:
            endpoints = await discover(http, to_url)
            await self._send_all(http, endpoints.otlp)
            if endpoints.api is None:
                self._warn(f"{to_url} is not a Quarterdeck server: sent, but nobody can say whether it is readable")
                return self._tally.summary(rejected=self._rejected)
            self._progress(Progress("settling", self._answered, endpoints.api))
            await wait_until_readable(
                http,
                endpoints.api,
                self._tally,
                self._clock,
                self._sleep,
                wait_s_max=self._options.readable_wait_s_max,
                complete=self._rejected == 0,
            )
        return self._tally.summary(rejected=self._rejected, readable=True)

    async def _send_all(self, http: httpx.AsyncClient, url: str) -> None:
        """The first failure ends all and is raised as itself, not as a group."""
        try:
            await self._send_batches(http, url)
        except BaseExceptionGroup as failures:
            known = failures.subgroup(QuarterdeckError)
            raise _first(known if known is not None else failures) from failures

    async def _send_batches(self, http: httpx.AsyncClient, url: str) -> None:
        """Up to `in_flight` requests at a time."""
        slots = asyncio.Semaphore(self._options.in_flight)
        async with asyncio.TaskGroup() as group:
            async for batch in batches(self._pieces(), self._options.batch_bytes):
                await slots.acquire()
                for piece in batch:
                    self._tally.add(piece.facts)
                group.create_task(self._send_one(http, url, batch, slots))

    def _pieces(self) -> AsyncIterator[Piece | None]:
        recorded = read_histories(self._histories)
        if self._speed is None:
            return at_once(recorded)
        return paced(recorded, self._speed, self._clock, self._sleep)

    async def _send_one(self, http: httpx.AsyncClient, url: str, batch: list[Piece], slots: asyncio.Semaphore) -> None:
        try:
            rejected, words = await send(http, url, request_of(batch), self._options, self._sleep)
        finally:
            slots.release()
        if rejected:
            self._warn(f"{url} rejected {rejected} spans: {words or 'no reason given'}")
        self._rejected += rejected
        self._answered += sum(len(piece.facts) for piece in batch)
        self._progress(Progress("sending", self._answered, batch[-1].source))


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
