"""Quarterdeck runs a fleet of LLM agents from one deck.

The public names are listed in `__all__` and loaded on first use, so that `import quarterdeck` costs
no server and no database driver. A test compares `__all__` with docs/reference/python.md.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_LAZY: dict[str, str] = {
    "Admission": "quarterdeck.light",
    "CallGrant": "quarterdeck.light",
    "CallRefused": "quarterdeck.light",
    "ContextBudget": "quarterdeck.light",
    "ContextPlan": "quarterdeck.light",
    "Ended": "quarterdeck.light",
    "Estimate": "quarterdeck.light",
    "Estimator": "quarterdeck.light",
    "Finished": "quarterdeck.light",
    "Identity": "quarterdeck.light",
    "LiveEstimate": "quarterdeck.light",
    "Paths": "quarterdeck.light",
    "Reservation": "quarterdeck.light",
    "Segment": "quarterdeck.light",
    "Stopped": "quarterdeck.light",
    "Task": "quarterdeck.light",
    "TaskBudget": "quarterdeck.light",
    "Tier": "quarterdeck.light",
    "TokenCounter": "quarterdeck.light",
    "World": "quarterdeck.light",
    "adapters": "quarterdeck.control.budget.adapters",
    "approvals": "quarterdeck.light",
    "probe": "quarterdeck.light.probing",
    "shared_amounts": "quarterdeck.light",
    "testing": "quarterdeck.testing",
}
"""Public name -> module that has it (a module of the same name is answered as itself)."""

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


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        msg = f"module 'quarterdeck' has no attribute {name!r}"
        raise AttributeError(msg)
    import importlib  # noqa: PLC0415 - loaded on first use: importing quarterdeck stays cheap

    module = importlib.import_module(_LAZY[name])
    return module if _LAZY[name].endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
