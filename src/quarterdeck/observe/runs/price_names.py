"""Model names as producers write them, reduced to the forms that a price list may have.

Refuses: to guess a family from a part of a name; only dates, versions, regions and vendor prefixes are stripped.
"""

from __future__ import annotations

import re

_DATE = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$")
_REVISION = re.compile(r"-00\d$")
_BEDROCK_VERSION = re.compile(r"-v\d+(:\d+)?$|:\d+$")
_REGION = re.compile(r"^(us-gov|us|eu|apac|jp|au|ca|regional|global)\.")
_FIRST_PARTY = ("openai", "anthropic", "google", "mistral_ai", "deepseek", "x_ai", "cohere", "moonshot_ai", "meta")
_GATEWAYS = frozenset({"openrouter", "litellm", "portkey", "vercel", "gateway", "cloudflare"})
_ALSO: dict[str, tuple[str, ...]] = {
    "azure.ai.openai": ("azure.ai.openai", "openai"),
    "azure.ai.inference": ("azure.ai.openai", "openai", "mistral_ai", "deepseek", "meta"),
    "aws.bedrock": ("aws.bedrock", "anthropic"),
    "gcp.gemini": ("google",),
    "gcp.gen_ai": ("google",),
    "gcp.vertex_ai": ("google", "anthropic", "mistral_ai"),
    "mistral": ("mistral_ai",),
    "xai": ("x_ai",),
}


def families(provider: str | None) -> tuple[str, ...]:
    """Whose price lists apply, in order. Gateways and unknown providers: every first party."""
    if provider is None or provider in _GATEWAYS:
        return _FIRST_PARTY
    return _ALSO.get(provider, (provider,))


def forms(model: str) -> list[str]:
    """The name and its shorter forms, most specific first, lower case."""
    name = model.lower().strip()
    found = [name]
    for shorter in (_without_path(name), _region_named(_without_path(name))):
        found += _reduced(shorter)
    bare = _REGION.sub("", _without_path(name))
    if "." in bare and bare.split(".", 1)[0].isalpha():
        found += _reduced(bare.split(".", 1)[1])
    return list(dict.fromkeys(found))


def _without_path(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _region_named(name: str) -> str:
    """Bedrock: in-region names and regional profiles share a price, the global profile has its own."""
    if name.startswith("global."):
        return name
    return "regional." + _REGION.sub("", name)


def _reduced(name: str) -> list[str]:
    """The name, then without a Bedrock version, a date, and `-latest` or a revision such as `-002`."""
    plain = _BEDROCK_VERSION.sub("", name)
    undated = _DATE.sub("", plain)
    return [name, plain, undated, _REVISION.sub("", undated.removesuffix("-latest"))]
