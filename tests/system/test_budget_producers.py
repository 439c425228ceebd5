"""Real agents for 500 turns under a context budget, over HTTP, against a provider that refuses what real ones refuse.

Not one prompt is refused, none is over the window. The agents live in an environment of their own (make producers).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import pytest

from quarterdeck.testing import Call, Scenario, SimulatedProvider, Turn

pytestmark = [pytest.mark.system, pytest.mark.producers, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".venv-producers" / "budgets" / "bin"
TURNS = 500
WINDOW = 8_000


class OneAfterAnother(Sequence[Turn]):
    """Turns by how often was asked: what was left out of a prompt does not set the conversation back."""

    def __init__(self) -> None:
        self.asked = 0

    def __len__(self) -> int:
        return 10**9

    @overload
    def __getitem__(self, at: int) -> Turn: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Turn]: ...
    def __getitem__(self, at: int | slice) -> Turn | Sequence[Turn]:
        assert isinstance(at, int)
        self.asked += 1
        if self.asked >= TURNS:
            return Turn("Nothing is missing.")
        shelves = range(self.asked * 3, self.asked * 3 + 1 + self.asked % 3)
        return Turn("I look on.", calls=tuple(Call("look", {"shelf": shelf}) for shelf in shelves))


@pytest.mark.parametrize("script", ["budget_langchain", "budget_langgraph", "budget_pydantic_ai"])
def test_500_turns_without_an_invalid_prompt_and_never_over_the_window(script: str, tmp_path: Path) -> None:
    if not (PROGRAMS / "python").exists():
        pytest.skip(f"the agents' environment {PROGRAMS.parent} is absent (make producers)")
    turns = OneAfterAnother()
    provider = SimulatedProvider([Scenario(turns)])
    with provider as address:
        done = subprocess.run(
            [PROGRAMS / "python", ROOT / "tests" / "producers" / f"{script}.py"],
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "PYTHONPATH": str(ROOT / "src"),
                "OPENAI_BASE_URL": f"{address}/v1",
                "OPENAI_API_KEY": "none",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["answer"] == "Nothing is missing."
    assert turns.asked == said["turns"] == len(provider.bill) == TURNS, (
        "each prompt was taken at once: none was refused"
    )
    assert max(call.input for call in provider.bill) <= WINDOW
    assert said["most"] <= said["limit"]
    assert said["recut"] > 3, "the history is many times the window: it had to be cut"
