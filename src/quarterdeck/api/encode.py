"""Documents to bytes: orjson first, a patient second try for what foreign producers put into attributes.

Refuses to fail: bytes become base64 text, numbers over 64 bits become text, lone surrogates are replaced, and
nesting deeper than 200 is cut with a mark. NaN and infinity become null.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import Any, NamedTuple

import orjson

from quarterdeck.model.raw import Absent

_DEPTH_MAX = 200
"""orjson gives up at 254 levels; the rest is for the document around an attribute."""
_INT64 = range(-(2**63), 2**64)
_LEVEL = 1
"""Fastest gzip level: on JSON it already saves 80-90 %, and a page on the same machine waits for us, not the wire."""
_TOO_DEEP = "(nested too deep)"


class Encoded(NamedTuple):
    """A body as sent; `gzip` says whether it is compressed."""

    body: bytes
    gzip: bool


def encode(document: object, *, gzip: bool, min_bytes: int) -> Encoded:
    """JSON bytes, compressed when the client takes gzip and they are at least `min_bytes` long."""
    body = to_json(document)
    if not gzip or len(body) < min_bytes:
        return Encoded(body, gzip=False)
    return Encoded(compress(body, _LEVEL), gzip=True)


def compress(body: bytes, level: int) -> bytes:
    """One gzip member without a time stamp, so equal bodies give equal bytes."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def to_json(document: object) -> bytes:
    """JSON bytes of anything that attributes may hold."""
    try:
        return orjson.dumps(document, default=_plain_leaf, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # orjson's JSONEncodeError is one
        return orjson.dumps(_plain(document, 0))


def _plain_leaf(value: object) -> object:
    if isinstance(value, Absent):
        return {"absent": value.reason, "bytes": value.size}
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(bytes(value)).decode()
    return str(value)


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEPTH_MAX:
        return _TOO_DEEP
    if isinstance(value, Absent):
        return _plain_leaf(value)
    if isinstance(value, dict):
        return {_text(str(k)): _plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, depth + 1) for v in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return int(value) if value in _INT64 else str(value)
    if isinstance(value, str):
        return _text(value)
    return _text(str(_plain_leaf(value)))


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")
