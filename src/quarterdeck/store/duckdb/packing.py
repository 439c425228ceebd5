"""Attribute values as MessagePack, without loss.

Bytes, NaN and nesting are MessagePack's own. What it has no word for goes into extensions: integers over 64 bits and
text with lone surrogates. Sequences come back as lists. Refuses values that no attribute can hold (BadInput).
"""

from __future__ import annotations

from typing import Any

import msgspec

from quarterdeck.errors import BadInput
from quarterdeck.model.raw import Absent

_BIG_INTEGER = 1
_BROKEN_TEXT = 2
_ABSENT = 3

_encoder = msgspec.msgpack.Encoder()


def pack(value: Any) -> bytes:
    """`value`: nested lists, tuples, dicts of JSON-like values and bytes. Raises BadInput for anything else."""
    try:
        return _encoder.encode(value)
    except (OverflowError, UnicodeEncodeError):
        # Rare, so the common case pays nothing for it.
        return _encoder.encode(_wrapped(value))
    except TypeError as error:
        raise BadInput(f"an attribute value cannot be stored: {error}; expected JSON-like values or bytes") from error


def pack_marked(value: Any) -> bytes:
    """The same for values among which are marks (`Absent`), which come back as marks."""
    return _encoder.encode(_wrapped(value))


def unpack(data: bytes) -> Any:
    """What `pack` was given, with lists for sequences."""
    return msgspec.msgpack.decode(data, ext_hook=_unwrap, strict=False)


def _wrapped(value: Any) -> Any:
    if isinstance(value, str):
        return _wrapped_text(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return msgspec.msgpack.Ext(_BIG_INTEGER, str(value).encode())
    if isinstance(value, Absent):
        return msgspec.msgpack.Ext(_ABSENT, _encoder.encode(tuple(value)))
    if isinstance(value, dict):
        return {_wrapped(key): _wrapped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_wrapped(item) for item in value]
    return value


def _wrapped_text(text: str) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:
        return msgspec.msgpack.Ext(_BROKEN_TEXT, text.encode(errors="surrogatepass"))
    return text


def _unwrap(code: int, data: memoryview) -> Any:
    content = bytes(data)
    if code == _ABSENT:
        return Absent(*msgspec.msgpack.decode(content))
    return int(content) if code == _BIG_INTEGER else content.decode(errors="surrogatepass")
