"""Langfuse's buckets of usage: `input`, `output`, `total` and parts that stand inside or beside them."""

from __future__ import annotations

from collections.abc import Iterable

from quarterdeck.observe.canonical.arithmetic import Counts, Reported, settle
from quarterdeck.observe.canonical.usage_parts import Document, first
from quarterdeck.observe.canonical.values import REJECTED, count

LANGFUSE_READ = ("input_cache_read", "input_cached_tokens", "cache_read_input_tokens", "input_cached",
                  "prompt_details.cache_read", "cached_tokens")  # fmt: skip
LANGFUSE_WRITE = ("input_cache_creation", "input_cache_write", "cache_creation_input_tokens",
                   "prompt_details.cache_write")  # fmt: skip
LANGFUSE_WRITE_1H = ("input_cache_creation_1h", "cache_creation.ephemeral_1h_input_tokens")
LANGFUSE_REASONING = ("output_reasoning", "output_reasoning_tokens", "completion_details.reasoning", "reasoning")


def langfuse(document: Document, _hint: str) -> Counts:
    """Langfuse's buckets: `input`, `output`, `total` and parts. Some integrations write parts inside, some outside."""
    tokens_in, tokens_out = first(document, "input"), first(document, "output")
    total = first(document, "total")
    read, write = first(document, *LANGFUSE_READ), first(document, *LANGFUSE_WRITE)
    reasoning = first(document, *LANGFUSE_REASONING)
    outside_in = _other_parts(document, "input_", (*LANGFUSE_READ, *LANGFUSE_WRITE, *LANGFUSE_WRITE_1H))
    outside_out = _other_parts(document, "output_", LANGFUSE_REASONING)
    write_1h = first(document, *LANGFUSE_WRITE_1H)
    sound = REJECTED not in (tokens_in, tokens_out, total, read, write, write_1h, reasoning)
    if total and tokens_in is not None and tokens_out is not None and sound:
        all_in = tokens_in + (read or 0) + (write or 0) + outside_in
        all_out = tokens_out + (reasoning or 0) + outside_out
        if total == all_in + all_out > tokens_in + tokens_out:
            # the total shows that every bucket is exclusive (audio and image tokens, too): put all of them inside
            return Counts(all_in, all_out, read, write, write_1h, reasoning, "identity")
    return settle(Reported(tokens_in, tokens_out, read, write, write_1h, reasoning, total))


def _other_parts(document: Document, prefix: str, named: Iterable[str]) -> int:
    known = set(named)
    found = (count(document[key]) for key in document if key.startswith(prefix) and key not in known)
    return sum(value for value in found if value is not None and value > 0)
