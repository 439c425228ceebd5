"""The context budget in the words of providers and frameworks: their messages in, their messages out, never an orphan.

A tool result without its call is left out, a call without its result gets one that says so: providers refuse both.
Frameworks are imported when their adapter is asked for; importing this room needs none of them.
"""

from __future__ import annotations

from quarterdeck.control.budget.adapters.anthropic import fit_anthropic
from quarterdeck.control.budget.adapters.fitted import Fitted
from quarterdeck.control.budget.adapters.langchain import budget_middleware, fit_langchain, pre_model_hook
from quarterdeck.control.budget.adapters.openai_chat import fit_openai_chat
from quarterdeck.control.budget.adapters.openai_responses import fit_openai_responses
from quarterdeck.control.budget.adapters.pydantic_ai import budget_capability, fit_pydantic_ai

__all__ = [
    "Fitted",
    "budget_capability",
    "budget_middleware",
    "fit_anthropic",
    "fit_langchain",
    "fit_openai_chat",
    "fit_openai_responses",
    "fit_pydantic_ai",
    "pre_model_hook",
]
