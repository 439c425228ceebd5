"""Prompts that differ in nearly every run: their hash is no version.

A system prompt with a user's name in it gives every run a hash of its own. Then the hash says nothing about who got
worse, and it would fill the budget of labels. Runs in, runs out; what an agent's newest runs look like decides.
Refuses: to touch a version that somebody gave.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from quarterdeck.model.runs import Run
from quarterdeck.observe.runs.identity import PROMPT_HASH_MARK

FLAG = "prompt_varies"
"""Flag of a run whose prompt hash was left out."""

WINDOW = 64
"""Newest runs of an agent that are looked at."""

JUDGED_FROM = 16
VARIES_ABOVE = 0.5
SETTLED_BELOW = 0.25
"""Distinct hashes per run: above the first the hash is no version, below the second it is one again."""

AGENTS_MAX = 2_000


class _Agent:
    __slots__ = ("hashes", "varies")

    def __init__(self) -> None:
        self.hashes: OrderedDict[str, str] = OrderedDict()
        self.varies = False


class PromptChurn:
    """What was seen of each agent's prompts. Belongs to one thread; lost with the process, and soon learned again."""

    def __init__(self) -> None:
        self._agents: OrderedDict[tuple[str, str | None], _Agent] = OrderedDict()

    def settle(self, runs: Sequence[Run]) -> list[Run]:
        """The runs, in order; a hash that is no version is left out, and the run says so."""
        return [self._settled(run) for run in runs]

    def _settled(self, run: Run) -> Run:
        version = run.prompt_version
        if version is None or not version.startswith(PROMPT_HASH_MARK):
            return run
        agent = self._agent(run.project, run.agent)
        _note(agent, run.run_id, version)
        return replace(run, prompt_version=None, flags=tuple(sorted({*run.flags, FLAG}))) if agent.varies else run

    def _agent(self, project: str, name: str | None) -> _Agent:
        key = (project, name)
        found = self._agents.setdefault(key, _Agent())
        self._agents.move_to_end(key)
        if len(self._agents) > AGENTS_MAX:
            self._agents.popitem(last=False)
        return found


def _note(agent: _Agent, run_id: str, version: str) -> None:
    hashes = agent.hashes
    if hashes.get(run_id) == version:
        return
    hashes[run_id] = version
    if len(hashes) > WINDOW:
        hashes.popitem(last=False)
    if len(hashes) >= JUDGED_FROM:
        share = len(set(hashes.values())) / len(hashes)
        agent.varies = share > (SETTLED_BELOW if agent.varies else VARIES_ABOVE)
