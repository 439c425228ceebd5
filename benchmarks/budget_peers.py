"""Real context policies of other libraries behind the interface of `budget replay`: LangChain and LlamaIndex, from their own code.

Each exists as shipped and tuned to the same window. Only what a library returns is read; how much a message takes is the recorded number.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quarterdeck.control.budget.replay.policy import MakePolicy, Room
from quarterdeck.control.budget.replay.said import Prompt, Said, Shown, shown_in_full

ROOT = Path(__file__).parents[1]
VENV = ROOT / "var/peers/budget"
PLACEHOLDER_TOKENS = 7
TRIGGER, KEEP = 0.7, 3


def use_peers() -> None:
    """Install them into an environment of their own at the first time, and make them importable after the project's packages."""
    python = VENV / "bin/python"
    if not (VENV / "installed").exists():
        import subprocess

        uv = str(Path(sys.executable).parent / "uv")
        wanted = ["-r", str(Path(__file__).parent / "budget_peers.txt")]
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *wanted], check=True)
        (VENV / "installed").touch()
    sys.path.append(str(next((VENV / "lib").glob("python*/site-packages"))))


def spoken(said: Said) -> str:
    """The text of a message without its calls, which these libraries keep apart."""
    text = said.text
    for call in said.calls:
        text = text.replace(f"{call.name}({json.dumps(call.arguments, ensure_ascii=False)})", "")
    return text.strip()


def heads(so_far: Sequence[Said]) -> int:
    return next((at for at, said in enumerate(so_far) if said.role != "system"), len(so_far))


class _LangChain:
    """Keeps the history as LangChain's messages, with the index as id."""

    def __init__(self, room: Room) -> None:
        self.window = room.window
        self.messages: list[Any] = []

    def follow(self, so_far: Sequence[Said]) -> None:
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

        for said in so_far[len(self.messages) :]:
            at = str(said.index)
            if said.role == "tool":
                self.messages.append(ToolMessage(said.text, tool_call_id=said.answers, id=at))
            elif said.role == "assistant":
                calls = [{"id": call.id, "name": call.name, "args": dict(call.arguments)} for call in said.calls]
                self.messages.append(AIMessage(spoken(said), tool_calls=calls, id=at))
            else:
                kind = SystemMessage if said.role == "system" else HumanMessage
                self.messages.append(kind(said.text, id=at))

    def shown(self, messages: Sequence[Any], so_far: Sequence[Said]) -> Prompt:
        found = []
        for message in messages:
            said = so_far[int(message.id)]
            cleared = message.response_metadata.get("context_editing", {}).get("cleared")
            found.append(Shown(said.index, message.content, PLACEHOLDER_TOKENS) if cleared else shown_in_full(said))
        return found

    def tokens(self, so_far: Sequence[Said]) -> Callable[[Any], int]:
        """Recorded tokens of LangChain's messages: what a peer with an exact counter would use."""

        def count(messages: Any) -> int:
            return sum(
                PLACEHOLDER_TOKENS if one.response_metadata.get("context_editing") else so_far[int(one.id)].tokens
                for one in (messages if isinstance(messages, list) else [messages])
            )

        return count


class Trim(_LangChain):
    def __init__(self, room: Room, *, exact: bool, **options: Any) -> None:
        super().__init__(room)
        self.exact, self.options = exact, options

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        from langchain_core.messages import trim_messages

        self.follow(so_far)
        counter = self.tokens(so_far) if self.exact else "approximate"
        kept = trim_messages(self.messages, max_tokens=self.window, token_counter=counter, **self.options)
        return self.shown(kept, so_far)


class Clear(_LangChain):
    """ContextEditingMiddleware with ClearToolUsesEdit. `tuned`: trigger at a share of the window, exact counts with the
    instructions, and trim_messages behind it, since clearing alone cannot keep a window."""

    def __init__(self, room: Room, *, trigger: float | None = None, keep: int = KEEP) -> None:
        from langchain.agents.middleware.context_editing import ClearToolUsesEdit, ContextEditingMiddleware

        super().__init__(room)
        self.tuned = trigger is not None
        self.so_far: Sequence[Said] = ()
        if trigger is None:
            self.middleware = ContextEditingMiddleware()
        else:
            edit = ClearToolUsesEdit(trigger=int(trigger * room.window), keep=keep)
            self.middleware = ContextEditingMiddleware(edits=[edit], token_counter=self._count)

    def _count(self, messages: Any) -> int:
        return self.tokens(self.so_far)(messages) + sum(one.tokens for one in self.so_far[: heads(self.so_far)])

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        from langchain.agents.middleware.types import ModelRequest
        from langchain_core.messages import trim_messages

        self.follow(so_far)
        self.so_far, first, sent = so_far, heads(so_far), []
        request = ModelRequest(model=None, messages=self.messages[first:])
        self.middleware.wrap_model_call(request, lambda request: sent.append(request.messages))
        kept = [*self.messages[:first], *sent[0]]
        if self.tuned:
            kept = trim_messages(
                kept, max_tokens=self.window, token_counter=self.tokens(so_far), include_system=True, start_on="human"
            )
        return self.shown(kept, so_far)


def _encode() -> Callable[[str], range]:
    """Characters by four. With a real vocabulary ChatMemoryBuffer takes 0.8 s a turn at 40k tokens: it reads all that is left
    again for each message that it takes off. Its own (tiktoken's) has to be downloaded."""
    return lambda text: range(len(text) // 4 + 1)


class _LlamaIndex:
    def __init__(self, room: Room) -> None:
        self.window, self.known = room.window, 0

    def new(self, so_far: Sequence[Said]) -> list[Any]:
        from llama_index.core.llms import ChatMessage

        fresh = so_far[max(self.known, heads(so_far)) :]
        self.known = len(so_far)
        return [ChatMessage(role=said.role, content=said.text) for said in fresh]

    def shown(self, kept: int, so_far: Sequence[Said]) -> Prompt:
        """The instructions, which its agents put in front, and the newest messages."""
        return [shown_in_full(one) for one in (*so_far[: heads(so_far)], *so_far[len(so_far) - kept :])]


class Buffer(_LlamaIndex):
    """ChatMemoryBuffer as a chat engine makes it: `share` of the model's window, instructions counted in."""

    def __init__(self, room: Room, *, share: float) -> None:
        from llama_index.core.memory import ChatMemoryBuffer

        super().__init__(room)
        self.memory = ChatMemoryBuffer.from_defaults(token_limit=int(share * room.window), tokenizer_fn=_encode())

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        for message in self.new(so_far):
            self.memory.put(message)
        head = min(sum(one.tokens for one in so_far[: heads(so_far)]), self.memory.token_limit)
        return self.shown(len(self.memory.get(initial_token_count=head)), so_far)


class Queue(_LlamaIndex):
    """Memory with its first-in-first-out queue: limit as the window leaves it, 0.7 of it for the chat, 10 % flushed at once."""

    def __init__(self, room: Room, *, chat: float, flush: float) -> None:
        super().__init__(room)
        self.chat, self.flush, self.memory = chat, flush, None
        self.loop = LOOP

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        return self.loop.run_until_complete(self._prompt(so_far))

    async def _prompt(self, so_far: Sequence[Said]) -> Prompt:
        from llama_index.core.memory import Memory

        if self.memory is None:
            limit = self.window - sum(one.tokens for one in so_far[: heads(so_far)])
            self.memory = Memory.from_defaults(
                token_limit=limit,
                chat_history_token_ratio=self.chat,
                token_flush_size=max(1, int(limit * self.flush)),
                tokenizer_fn=_encode(),
            )
        for message in self.new(so_far):
            await self.memory.aput(message)
        return self.shown(len(await self.memory.aget()), so_far)


LOOP = asyncio.new_event_loop()


def _made(kind: Any, **options: Any) -> MakePolicy:
    return lambda room: kind(room, **options)


LAST = {"strategy": "last", "include_system": True, "start_on": "human"}

PEERS: dict[str, MakePolicy] = {
    "trim_messages, defaults": _made(Trim, exact=False),
    "trim_messages, as documented": _made(Trim, exact=False, **LAST),
    "trim_messages, exact counts": _made(Trim, exact=True, **LAST),
    "ClearToolUses, defaults": _made(Clear),
    "ClearToolUses, tuned": _made(Clear, trigger=TRIGGER),
    "ClearToolUses, tuned to keep 10": _made(Clear, trigger=0.9, keep=10),
    "ChatMemoryBuffer, defaults": _made(Buffer, share=0.75),
    "ChatMemoryBuffer, tuned": _made(Buffer, share=0.95),
    "Memory, defaults": _made(Queue, chat=0.7, flush=0.1),
    "Memory, tuned": _made(Queue, chat=0.9, flush=0.4),
}
