"""One row of `runs.csv.gz`: what is known of a run as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from quarterdeck.simulate.histories.times import iso_ns


class Row(NamedTuple):
    """A recorded run. `agent_model`, `user_model`, `reward` are None where nobody wrote them down.

    `ended_ns`: nanoseconds since the epoch (recorded local time, taken as UTC). `duration_s`: as recorded.
    """

    simulation_id: str
    duplicate_of: str
    run_dir: str
    agent_model: str | None
    user_model: str | None
    harness: str
    task_id: str
    ended_ns: int
    duration_s: float | None
    termination: str
    reward: float | None
    messages: int

    @property
    def agent(self) -> str:
        """`{agent_model or "unknown"}/{harness}`."""
        return f"{self.agent_model or 'unknown'}/{self.harness}"

    @property
    def outcome(self) -> Literal["success", "failure"] | None:
        """From the reward, which is 0 or 1 here; None without one."""
        if self.reward is None:
            return None
        return "success" if self.reward >= 1.0 else "failure"


def row_of(record: Mapping[str, str]) -> Row:
    """A CSV record as a Row. Raises KeyError or ValueError when it is none."""
    return Row(
        simulation_id=_needed(record, "simulation_id"),
        duplicate_of=record["duplicate_of"],
        run_dir=record["run_dir"],
        agent_model=record["agent_model"] or None,
        user_model=record["user_model"] or None,
        harness=_needed(record, "harness"),
        task_id=record["task_id"],
        ended_ns=iso_ns(record["timestamp"]),
        duration_s=_float(record["duration_sec"]),
        termination=_needed(record, "termination_reason"),
        reward=_float(record["reward"]),
        messages=int(record["n_messages"] or 0),
    )


def _needed(record: Mapping[str, str], name: str) -> str:
    if not record[name]:
        raise ValueError(f"{name} is empty")
    return record[name]


def _float(text: str) -> float | None:
    return float(text) if text else None
