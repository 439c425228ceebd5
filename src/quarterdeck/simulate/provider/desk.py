"""The provider's decisions: a request in, an answer or a refusal out, each answer on the bill.

Knows no HTTP. One desk serves all threads: what it remembers (how often a request came, what was answered) is locked.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from quarterdeck.clock import Clock
from quarterdeck.simulate.provider import anthropic_messages, openai_chat, openai_embeddings, openai_responses
from quarterdeck.simulate.provider.answer import Answer, Event, Usage
from quarterdeck.simulate.provider.bill import BilledCall, Endpoint
from quarterdeck.simulate.provider.conversation import Conversation, Message
from quarterdeck.simulate.provider.quota import Quota, Taken
from quarterdeck.simulate.provider.scenario import Scenario, Turn, choose
from quarterdeck.simulate.provider.tokens import answer_tokens, cached_tokens, compact, prompt_tokens
from quarterdeck.simulate.provider.told import Refusal

PATHS: Mapping[str, Endpoint] = {
    "/v1/chat/completions": "chat.completions",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
    "/v1/messages": "messages",
}


def nothing() -> None:
    """There is nothing to end."""


class Reply(NamedTuple):
    """What goes back: a JSON document, or the events of a stream; `headers` beyond the content type.

    `output`: tokens that it takes time to write; `slower`: times to the first of them; `done` is called when all is out.
    """

    status: int
    document: dict[str, Any]
    events: Iterator[Event] | None = None
    headers: Mapping[str, str] = {}
    output: int = 0
    slower: float = 1.0
    done: Callable[[], None] = nothing


class Desk:
    """Answers requests by scenario. `aliases` maps a requested model to the one that answers."""

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        seed: int,
        clock: Clock,
        aliases: Mapping[str, str],
        quota: Quota | None = None,
    ) -> None:
        self._quota = quota
        self._scenarios = tuple(scenarios)
        self._seed = seed
        self._clock = clock
        self._aliases = dict(aliases)
        self._lock = threading.Lock()
        self._came: Counter[str] = Counter()
        self._answered: dict[str, tuple[Message, ...]] = {}
        self._bill: list[BilledCall] = []

    @property
    def bill(self) -> list[BilledCall]:
        """Everything answered so far, in order."""
        with self._lock:
            return list(self._bill)

    def answer(self, path: str, body: Any) -> Reply:
        """The reply to one request: 404 for an unknown path, 400 for a body of another shape, 429 as scripted."""
        endpoint = PATHS.get(path)
        if endpoint is None:
            return _problem(404, "not_found_error", f"no such path {path}; there are {', '.join(PATHS)}")
        try:
            if endpoint == "embeddings":
                return self._embed(body)
            return self._converse(endpoint, body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return _problem(400, "invalid_request_error", f"not a {endpoint} request: {error!r}")

    def _embed(self, body: dict[str, Any]) -> Reply:
        model = self._model(body["model"])
        document = openai_embeddings.render(body, model)
        _, token = self._come("embeddings", body)
        usage = Usage(input=openai_embeddings.input_tokens(body), output=0)
        self._charge("embeddings", f"emb_{token}", model, usage, stream=False)
        return Reply(200, document)

    def _converse(self, endpoint: Endpoint, body: dict[str, Any]) -> Reply:
        conversation = self._understand(endpoint, body)
        turn = choose(self._scenarios, conversation.opening).turn(conversation.turn)
        usage = _usage(endpoint, conversation, turn)
        taken = self._admit(body, usage)
        if isinstance(taken, Refusal):
            return Reply(taken.status, taken.document, None, taken.headers)
        times, token = self._come(endpoint, body)
        if times < turn.refusals:
            wait = f"{turn.retry_after_s:g}"
            return _problem(429, "rate_limit_error", f"wait {wait} s", {"retry-after": wait})
        answer = Answer(
            token=token,
            model=self._model(conversation.model),
            created_s=self._clock.now_ns() // 1_000_000_000,
            turn=turn,
            call_ids=tuple(f"call_{self._hash(token, str(at))}" for at in range(len(turn.calls))),
            usage=usage,
        )
        self._remember(endpoint, conversation, answer)
        reply = _reply(endpoint, conversation, answer)._replace(output=usage.output)
        if taken is None:
            return reply
        quota, ticket = self._quota, taken.ticket
        assert quota is not None
        return reply._replace(headers=taken.headers, slower=taken.slower, done=lambda: quota.finish(ticket))

    def _admit(self, body: Mapping[str, Any], usage: Usage) -> Taken | Refusal | None:
        """None: there are no limits."""
        if self._quota is None:
            return None
        names = ("max_completion_tokens", "max_output_tokens", "max_tokens")
        most = next((float(body[name]) for name in names if body.get(name)), None)
        return self._quota.offer(usage.input, usage.cache_read, most, usage.output)

    def _understand(self, endpoint: Endpoint, body: dict[str, Any]) -> Conversation:
        if endpoint != "responses":
            reader: Callable[[dict[str, Any]], Conversation] = {
                "chat.completions": openai_chat.understand,
                "messages": anthropic_messages.understand,
            }[endpoint]
            return reader(body)
        previous = body.get("previous_response_id")
        with self._lock:
            if previous and previous not in self._answered:
                raise ValueError(f"previous_response_id {previous!r} is not known")
            earlier = self._answered[previous] if previous else ()
        return openai_responses.understand(body, earlier)

    def _come(self, endpoint: str, body: dict[str, Any]) -> tuple[int, str]:
        """How often this very request came before, and a token that is unique to this time."""
        content = self._hash(endpoint, compact(body))
        with self._lock:
            times = self._came[content]
            self._came[content] += 1
        return times, self._hash(content, str(times))

    def _remember(self, endpoint: Endpoint, conversation: Conversation, answer: Answer) -> None:
        shape = {"chat.completions": openai_chat, "responses": openai_responses, "messages": anthropic_messages}[
            endpoint
        ]
        name = shape.response_id(answer.token)
        if endpoint == "responses":
            with self._lock:
                self._answered[name] = (*conversation.messages, *openai_responses.said(answer))
        self._charge(endpoint, name, answer.model, answer.usage, stream=conversation.stream)

    def _charge(self, endpoint: Endpoint, name: str, model: str, usage: Usage, *, stream: bool) -> None:
        with self._lock:
            self._bill.append(BilledCall(name, endpoint, model, *usage, stream))

    def _model(self, asked: str) -> str:
        return self._aliases.get(asked, asked)

    def _hash(self, *parts: str) -> str:
        return sha256("\x1f".join((str(self._seed), *parts)).encode()).hexdigest()[:24]


def _usage(endpoint: Endpoint, conversation: Conversation, turn: Turn) -> Usage:
    asked, read = prompt_tokens(conversation), cached_tokens(conversation)
    if endpoint == "messages":
        read = read if conversation.cacheable else 0
        write = asked - read if conversation.cacheable else 0  # marked for the cache: all that was not read is written
        return Usage(asked, answer_tokens(turn), read, write, turn.reasoning_tokens)
    return Usage(asked, answer_tokens(turn), read, 0, turn.reasoning_tokens)


def _reply(endpoint: Endpoint, conversation: Conversation, answer: Answer) -> Reply:
    if endpoint == "chat.completions":
        stream = openai_chat.render_stream(answer, with_usage=conversation.stream_usage)
        return Reply(200, openai_chat.render(answer), stream if conversation.stream else None)
    if endpoint == "responses":
        events = openai_responses.render_stream(answer)
        return Reply(200, openai_responses.render(answer), events if conversation.stream else None)
    events = anthropic_messages.render_stream(answer)
    return Reply(200, anthropic_messages.render(answer), events if conversation.stream else None)


def _problem(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """An error in the form that both OpenAI's and Anthropic's clients read."""
    error = {"type": kind, "message": message, "code": kind, "param": None}
    return Reply(status, {"type": "error", "error": error}, None, headers or {})
