"""Where the gateway's spans go: into the pipeline of this process, or to an OTLP door elsewhere.

Refuses: growing without limit. What waits has a bound; beyond it the oldest is dropped, counted and told.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any, Protocol

import httpx

from quarterdeck.errors import QuarterdeckError

WAITING_BYTES_MAX = 32 * 1024 * 1024
_AGAIN_S = 1.0


class _Waiting:
    """Requests that wait, oldest first, bounded in bytes."""

    def __init__(self, log: Any) -> None:
        self._requests: deque[tuple[str, bytes]] = deque()
        self._log = log
        self.bytes = 0
        self.dropped = 0

    def put(self, project: str, request: bytes) -> None:
        self._requests.append((project, request))
        self.bytes += len(request)
        while self.bytes > WAITING_BYTES_MAX:
            self.bytes -= len(self._requests.popleft()[1])
            self.dropped += 1
            self._log.warning("gateway_spans_dropped", requests=self.dropped)

    def first(self) -> tuple[str, bytes] | None:
        return self._requests[0] if self._requests else None

    def took(self) -> None:
        self.bytes -= len(self._requests.popleft()[1])


class Pipe(Protocol):
    """What is asked of the pipeline."""

    def submit(self, project: str, body: bytes, encoding: Any, /) -> asyncio.Future[Any]: ...


class PipelineSink:
    """Implements `model.ports.SpanSink` by the pipeline of this process, in its event loop. Overload is waited out."""

    def __init__(self, pipeline: Pipe, log: Any) -> None:
        self._pipeline = pipeline
        self._log = log
        self._waiting = _Waiting(log)
        self._timer: asyncio.TimerHandle | None = None

    def send(self, project: str, request: bytes) -> None:
        """See the port."""
        self._waiting.put(project, request)
        self._push()

    def _push(self) -> None:
        self._timer = None
        while (first := self._waiting.first()) is not None:
            try:
                done = self._pipeline.submit(*first, "protobuf")
            except QuarterdeckError:
                self._timer = self._timer or asyncio.get_running_loop().call_later(_AGAIN_S, self._push)
                return
            done.add_done_callback(self._committed)
            self._waiting.took()

    def _committed(self, done: asyncio.Future[Any]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._log.warning("gateway_spans_lost", error=str(error))


class OtlpSink:
    """Implements `model.ports.SpanSink` by OTLP over HTTP, on a thread of its own. A server that is away is waited for.

    `url`: of an OTLP/HTTP door, without `/v1/traces`. `key`: of a Quarterdeck server that wants one.
    """

    def __init__(self, url: str, key: str | None, log: Any) -> None:
        headers = {"content-type": "application/x-protobuf"}
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        self._url = url.rstrip("/") + "/v1/traces"
        self._client = httpx.Client(headers=headers, timeout=10.0)
        self._log = log
        self._waiting = _Waiting(log)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="gateway-spans", daemon=True)
        self._thread.start()

    def send(self, project: str, request: bytes) -> None:
        """See the port. The project is that of the key."""
        with self._changed:
            self._waiting.put(project, request)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._waiting.first() is None:
                    if self._closing:
                        return
                    self._changed.wait()
                first = self._waiting.first()
            assert first is not None
            again = self._post(first[1])
            with self._changed:
                if not again and self._waiting.first() is first:
                    self._waiting.took()
                elif again:
                    if self._closing:
                        return
                    self._changed.wait(_AGAIN_S)

    def _post(self, request: bytes) -> bool:
        """Answers whether it has to be sent again."""
        try:
            status = self._client.post(self._url, content=request).status_code
        except httpx.HTTPError as error:
            self._log.warning("gateway_spans_wait", error=str(error))
            return True
        if status >= 400:
            self._log.warning("gateway_spans_refused", status=status)
        return status in (429, 502, 503, 504)

    def close(self, timeout_s: float) -> bool:
        """Send what waits for at most `timeout_s`; answers whether all went out."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        self._client.close()
        return self._waiting.first() is None
