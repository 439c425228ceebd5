"""One OTLP/HTTP request: protobuf, gzip, tried again when the receiver asks for patience.

429, 502, 503 and 504 and lost connections are tried again after `Retry-After`, or after a wait that doubles.
Refuses to try again what the receiver will never take: any other error status ends the replay with its reason.
"""

from __future__ import annotations

import gzip

import httpx
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from quarterdeck.errors import BadInput, Overloaded, QuarterdeckError, Unauthenticated, Unreachable
from quarterdeck.simulate.options import ReplayOptions
from quarterdeck.simulate.replay.pace import Sleep

_AGAIN = frozenset({429, 502, 503, 504})
_FIRST_WAIT_S = 0.25
_GZIP_LEVEL = 1  # the other side is usually on this machine: cheap beats small


async def send(
    http: httpx.AsyncClient, url: str, request: ExportTraceServiceRequest, options: ReplayOptions, sleep: Sleep
) -> tuple[int, str]:
    """Post a request to `{url}/v1/traces`; answers (rejected spans, the receiver's words about them).

    Raises Unreachable or Overloaded when patience ends, BadInput when the receiver refuses.
    """
    body = gzip.compress(request.SerializeToString(), _GZIP_LEVEL)
    target = f"{url}/v1/traces"
    failure: QuarterdeckError = Unreachable(f"{target} does not answer")
    for attempt in range(options.attempts_max):
        try:
            answer = await http.post(target, content=body, headers=_HEADERS)
        except httpx.TransportError as error:
            failure = Unreachable(f"{target} does not answer: {error!r}", mend="is the server still running?")
            asked_s = None
        else:
            if answer.status_code not in _AGAIN:
                return _outcome(target, answer)
            failure = Overloaded(f"{target} answered {answer.status_code} {options.attempts_max} times")
            asked_s = _retry_after(answer)
        if attempt + 1 < options.attempts_max:
            wait_s = asked_s if asked_s is not None else _FIRST_WAIT_S * 2**attempt
            await sleep(min(wait_s, options.retry_wait_s_max))
    raise failure


_HEADERS = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds to wait as asked; None when not asked or asked as a date."""
    try:
        return max(0.0, float(answer.headers.get("retry-after", "")))
    except ValueError:
        return None


def _outcome(target: str, answer: httpx.Response) -> tuple[int, str]:
    if answer.status_code in (401, 403):
        raise Unauthenticated(f"{target} wants a key", mend="give one with --key or QUARTERDECK_KEY")
    if not answer.is_success:
        raise BadInput(
            f"{target} refused with {answer.status_code}: {answer.text[:300]}", mend="is it an OTLP/HTTP port?"
        )
    try:
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    except DecodeError:
        return 0, ""  # 200 with a body of another kind: accepted, says the protocol
    return int(partial.rejected_spans), str(partial.error_message)
