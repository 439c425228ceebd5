"""Who makes a call and what for, as headers say it. Headers to the gateway begin with `x-quarterdeck-`; none is passed on.

Refuses: a deadline that is no time; a word longer than 200 characters is cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from quarterdeck.errors import BadInput

OWN = b"x-quarterdeck-"
_WORD_MAX = 200


class Who(NamedTuple):
    """Words of one call; "" or None where nothing was said. `deadline_s`: from now, for the whole answer."""

    tenant: str
    lane: str | None
    task: str | None
    node: str | None
    run_id: str | None
    session: str | None
    agent: str | None
    agent_version: str | None
    prompt_version: str | None
    feature: str | None
    environment: str | None
    deadline_s: float | None
    fallback: tuple[str, ...]
    traceparent: str | None
    step: str | None = None

    def identity(self, model: str) -> dict[str, str]:
        """What a stopped cohort is compared with."""
        said = {
            "tenant": self.tenant,
            "model": model,
            "task": self.task,
            "agent": self.agent,
            "agent_version": self.agent_version,
            "prompt_version": self.prompt_version,
            "feature": self.feature,
            "environment": self.environment,
        }
        return {name: value for name, value in said.items() if value}


def read_who(headers: Mapping[bytes, bytes], tenant: str) -> Who:
    """`tenant` as the key says it. Raises BadInput for a deadline that is none."""

    def word(name: bytes) -> str | None:
        value = headers.get(OWN + name)
        return value.decode("utf-8", "replace")[:_WORD_MAX] or None if value else None

    return Who(
        tenant=tenant,
        lane=word(b"lane"),
        task=word(b"task"),
        node=word(b"node"),
        run_id=word(b"run-id"),
        session=word(b"session"),
        agent=word(b"agent"),
        agent_version=word(b"agent-version"),
        prompt_version=word(b"prompt-version"),
        feature=word(b"feature"),
        environment=word(b"environment"),
        deadline_s=_seconds(headers.get(OWN + b"deadline-s")),
        fallback=tuple(name.strip() for name in (word(b"fallback") or "").split(",") if name.strip()),
        traceparent=headers[b"traceparent"].decode("latin-1") if b"traceparent" in headers else None,
        step=word(b"step"),
    )


def _seconds(text: bytes | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        msg = f"x-quarterdeck-deadline-s must be a number of seconds above 0, got {text.decode('latin-1')[:40]!r}"
        raise BadInput(msg)
    return value
