"""Plain Python values as OTLP attributes.

None and empty keys are left out: an attribute that was not recorded is not sent. A mapping, or a list that holds
more than scalars, becomes JSON text, as instrumentations write it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue


def as_json(value: Any) -> str:
    """Text stays as it is, everything else becomes compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def any_value(value: Any) -> AnyValue:
    """One attribute value; integers beyond 64 bits become text."""
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        fits = -(2**63) <= value < 2**63
        return AnyValue(int_value=value) if fits else AnyValue(string_value=str(value))
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, (list, tuple)) and all(isinstance(item, (str, bool, int, float)) for item in value):
        return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
    return AnyValue(string_value=as_json(value))


def key_values(attributes: Mapping[str, Any]) -> Iterable[KeyValue]:
    """The attributes that have a key and a value, in their order."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items() if key and value is not None]
