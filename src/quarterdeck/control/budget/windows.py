"""How much of a model's advertised window is worth using, by model and class of task.

The default is 0.65 of the advertised size; what `measure` found for a model and a class of task replaces it. Refuses to
guess an advertised size: a model that is not in the table needs a number from its caller.
"""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.errors import BadInput

EFFECTIVE = 0.65
"""RULER: a third to a half of the advertised window is usable, and more for plain look-ups; practitioners stay below two thirds."""

ADVERTISED: tuple[tuple[str, int], ...] = (
    ("gpt-4.1", 1_047_576),
    ("gpt-4o", 128_000),
    ("gpt-4-turbo", 128_000),
    ("gpt-5", 400_000),
    ("o1", 200_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("claude", 200_000),
    ("gemini", 1_048_576),
    ("mistral", 128_000),
    ("llama-3", 128_000),
    ("deepseek", 128_000),
)
"""By the beginning of the model's name, the first that fits; as the vendors state them."""


def advertised_tokens(model: str) -> int | None:
    """The vendor's figure; None for a model that is not listed."""
    name = model.rsplit("/", 1)[-1].lower()
    return next((size for prefix, size in ADVERTISED if name.startswith(prefix)), None)


def effective_window(
    model: str,
    task_class: str | None,
    *,
    advertised: int | None = None,
    effective: float | Mapping[tuple[str, str | None], float] = EFFECTIVE,
) -> int:
    """Tokens worth using. `effective`: a share, or shares by (model, task class), where (model, None) stands for all classes.

    Raises `BadInput` for a share outside 0 to 1, and for a model without a known size.
    """
    size = advertised if advertised is not None else advertised_tokens(model)
    if size is None or size < 1:
        raise BadInput(
            f"the window of the model {model!r} is not known", mend="give window=… (tokens to use) or advertised=…"
        )
    share = effective if isinstance(effective, float | int) else _share(effective, model, task_class)
    if not 0 < share <= 1:
        raise BadInput(f"effective is {share}", mend="expected a share of the advertised window, above 0 and at most 1")
    return int(size * share)


def _share(table: Mapping[tuple[str, str | None], float], model: str, task_class: str | None) -> float:
    return table.get((model, task_class), table.get((model, None), EFFECTIVE))
