"""Would a provider take this prompt? The rules that all of them share."""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.control.budget.replay.said import Prompt, Said


def why_invalid(prompt: Prompt, said: Mapping[int, Said], window: int) -> str | None:
    """The first rule that is broken: over the window, nothing to answer, a result without its call, a call without its result."""
    tokens = sum(one.tokens for one in prompt)
    if tokens > window:
        return f"{tokens} tokens are over the window of {window}"
    if all(said[one.of].role == "system" for one in prompt if one.of in said):
        return "nothing is left but the instructions"
    waiting: set[str] = set()
    for one in prompt:
        message = said.get(one.of)
        if message is None:
            continue
        if message.answers is not None:
            if message.answers not in waiting:
                return f"message {one.of} answers a call that is not there"
            waiting.discard(message.answers)
            continue
        if waiting:
            return f"message {one.of} comes before a result that is missing"
        waiting.update(call.id for call in message.calls)
    return "a call at the end has no result" if waiting else None
