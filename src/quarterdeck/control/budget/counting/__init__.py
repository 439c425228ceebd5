"""How many tokens a text is, without its model's vocabulary, and better with every answer that says its usage.

`TokenCounter` counts texts, messages and whole prompts per model and learns from returned usage; `exact_counter` uses a
real vocabulary where the extra `tokenizers` is installed. Refuses: network, downloads, and being called exact.
"""

from __future__ import annotations

from quarterdeck.control.budget.counting.counter import TokenCounter
from quarterdeck.control.budget.counting.exact import ExactCounter, exact_counter
from quarterdeck.control.budget.counting.features import Features, of_size
from quarterdeck.control.budget.counting.text import text_of

__all__ = ["ExactCounter", "Features", "TokenCounter", "exact_counter", "of_size", "text_of"]
