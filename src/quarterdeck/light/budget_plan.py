"""A file of messages and the plan for its next turn: what `budget plan` answers.

The shape (OpenAI chat or Anthropic) is told by the messages. Refuses: a file that holds no conversation, with what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from quarterdeck.control.budget import ContextBudget, ContextPlan
from quarterdeck.control.budget.adapters import fit_anthropic, fit_openai_chat
from quarterdeck.errors import BadFile, BadInput, ContextOverflow
from quarterdeck.simulate.histories.files import json_lines, read_json

EXPECTED = 'expected a list of messages, {"messages": […], "system"?, "tools"?}, or one message a line'
ANTHROPIC_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking"})


def plan_file(
    file: Path, *, model: str = "", window: int | None = None, reserve_output: int | None = None
) -> ContextPlan:
    """The plan for the next turn of the conversation in `file`.

    Raises `BadFile` for what is no conversation, `BadInput` for a window that cannot be, `ContextOverflow` when pins do not fit.
    """
    budget = ContextBudget(model, window=window, reserve_output=reserve_output)
    request = _request(file)
    messages, tools = request["messages"], request.get("tools") or ()
    if not isinstance(messages, list) or not messages or not isinstance(tools, Sequence):
        raise BadFile(str(file), "holds no list of messages", mend=EXPECTED)
    try:
        if "system" in request or _is_anthropic(messages):
            return fit_anthropic(budget, messages, system=request.get("system") or "", tools=tools).plan
        return fit_openai_chat(budget, messages, tools=tools).plan
    except ContextOverflow:
        raise
    except BadInput as error:
        raise BadFile(str(file), error.message, mend=error.mend or EXPECTED) from error


def _request(file: Path) -> Mapping[str, Any]:
    value = _lines(file) if ".jsonl" in file.suffixes else read_json(file)
    if isinstance(value, Mapping) and "messages" in value:
        return value
    if isinstance(value, list):
        return {"messages": value}
    raise BadFile(str(file), "is neither a conversation nor a message a line", mend=EXPECTED)


def _lines(file: Path) -> Any:
    with closing(json_lines(file)) as lines:
        values = [value for _, value in lines]
    return values[0] if len(values) == 1 and isinstance(values[0], Mapping) and "messages" in values[0] else values


def _is_anthropic(messages: Sequence[Any]) -> bool:
    """Only Anthropic's messages have these blocks."""
    return any(
        isinstance(block, Mapping) and block.get("type") in ANTHROPIC_BLOCKS
        for message in messages
        if isinstance(message, Mapping) and isinstance(message.get("content"), list)
        for block in message["content"]
    )
