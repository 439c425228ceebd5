"""The meters by name: one file per provider, one pattern, siblings that do not know each other.

To add one: copy the smallest neighbour and its test, add a line here.
"""

from __future__ import annotations

from quarterdeck.control.admit.meter import Meter
from quarterdeck.control.admit.meters.anthropic import Anthropic
from quarterdeck.control.admit.meters.azure import Azure
from quarterdeck.control.admit.meters.bedrock_mantle import BedrockMantle
from quarterdeck.control.admit.meters.bedrock_runtime import BedrockRuntime
from quarterdeck.control.admit.meters.gemini import Gemini
from quarterdeck.control.admit.meters.generic import Generic
from quarterdeck.control.admit.meters.openai import OpenAI
from quarterdeck.errors import BadInput

METERS: dict[str, Meter] = {
    meter.name: meter
    for meter in (OpenAI(), Azure(), Anthropic(), BedrockRuntime(), BedrockMantle(), Gemini(), Generic())
}


def find_meter(name: str | Meter) -> Meter:
    """The meter of this name, or the one given. Raises BadInput with the names there are."""
    if not isinstance(name, str):
        return name
    found = METERS.get(name)
    if found is None:
        raise BadInput(f"unknown meter {name!r}; expected one of {', '.join(METERS)}")
    return found
