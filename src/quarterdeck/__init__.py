"""Quarterdeck runs a fleet of LLM agents from one deck.

The public names are listed in `__all__` and loaded on first use, so that `import quarterdeck` costs
no server and no database driver. A test compares `__all__` with docs/reference/python.md.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

__all__ = [
    "Admission",
    "CallGrant",
    "CallRefused",
    "ContextBudget",
    "ContextPlan",
    "Ended",
    "Estimate",
    "Estimator",
    "Finished",
    "Identity",
    "LiveEstimate",
    "Paths",
    "Reservation",
    "Segment",
    "Stopped",
    "Task",
    "TaskBudget",
    "Tier",
    "TokenCounter",
    "World",
    "__version__",
    "adapters",
    "approvals",
    "probe",
    "shared_amounts",
    "testing",
]


_ELSEWHERE = {
    "adapters": "quarterdeck.control.budget.adapters",
    "probe": "quarterdeck.light.probing",
    "testing": "quarterdeck.testing",
}
"""Public names that `quarterdeck.light` does not have -> module that has it (a module of the same name is answered as itself)."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        msg = f"module 'quarterdeck' has no attribute {name!r}"
        raise AttributeError(msg)
    import importlib  # noqa: PLC0415 - loaded on first use: importing quarterdeck stays cheap

    place = _ELSEWHERE.get(name, "quarterdeck.light")
    module = importlib.import_module(place)
    return module if place.endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
