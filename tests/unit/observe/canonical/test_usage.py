"""Usage documents of providers, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.observe.canonical.usage import combine_stream, normalise_usage, unknown_keys


@pytest.mark.parametrize(
    ("hint", "document", "expected"),
    [
        ("openai", {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29,
                    "prompt_tokens_details": {"cached_tokens": 16}, "completion_tokens_details": {"reasoning_tokens": 4}},
         (20, 9, 16, None, None, 4)),
        ("openai", {"usage": {"input_tokens": 4020, "output_tokens": 5, "total_tokens": 4025,
                              "input_tokens_details": {"cached_tokens": 4012, "cache_write_tokens": 0}}},
         (4020, 5, 4012, 0, None, None)),
        ("anthropic", {"input_tokens": 4, "output_tokens": 193, "cache_creation_input_tokens": 6,
                       "cache_read_input_tokens": 8845, "cache_creation": {"ephemeral_1h_input_tokens": 2}},
         (8855, 193, 8845, 6, 2, None)),
        ("anthropic", {"input_tokens": 100, "output_tokens": 9, "cache_read_input_tokens": 50}, (150, 9, 50, None, None, None)),
        ("gemini", {"usageMetadata": {"promptTokenCount": 95, "candidatesTokenCount": 66, "thoughtsTokenCount": 132,
                                      "toolUsePromptTokenCount": 439, "totalTokenCount": 732}},
         (534, 198, None, None, None, 132)),
        ("gemini", {"total_tokens": 229, "total_input_tokens": 9, "total_output_tokens": 13, "total_thought_tokens": 207},
         (9, 220, None, None, None, 207)),
        ("generativelanguage.googleapis.com", {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109},
         (35, 74, None, None, None, None)),
        ("bedrock", {"inputTokens": 3, "outputTokens": 227, "totalTokens": 1942, "cacheWriteInputTokens": 1712,
                     "cacheReadInputTokens": 0, "cacheDetails": [{"inputTokens": 1712, "ttl": "1h"}]},
         (1715, 227, 0, 1712, 1712, None)),
        ("cohere", {"usage": {"billed_units": {"input_tokens": 62, "output_tokens": 35},
                              "tokens": {"input_tokens": 968, "output_tokens": 90}, "cached_tokens": 900}},
         (968, 90, 900, None, None, None)),
        ("mistral", {"prompt_tokens": 68, "completion_tokens": 6, "total_tokens": 74, "num_cached_tokens": 60},
         (68, 6, 60, None, None, None)),
        ("deepseek", {"prompt_tokens": 563, "completion_tokens": 116, "total_tokens": 679, "prompt_cache_hit_tokens": 512,
                      "prompt_cache_miss_tokens": 51}, (563, 116, 512, None, None, None)),
        ("ollama", {"prompt_eval_count": 44, "eval_count": 113}, (44, 113, None, None, None, None)),
        ("bedrock", {"prompt_token_count": 158, "generation_token_count": 128}, (158, 128, None, None, None, None)),
        ("bedrock", {"inputTextTokenCount": 9, "results": [{"tokenCount": 4}, {"tokenCount": 2}]}, (9, 6, None, None, None, None)),
        ("voyage", {"total_tokens": 3}, (3, None, None, None, None, None)),
        ("langfuse", {"input": 20, "output": 15, "input_cache_read": 40, "total": 75}, (60, 15, 40, None, None, None)),
        ("", {"trafficType": "ON_DEMAND"}, (None,) * 6),
        ("", "text", (None,) * 6),
    ],
)  # fmt: skip
def test_shapes(hint: str, document: Any, expected: tuple[int | None, ...]) -> None:
    assert normalise_usage(hint, document)[:6] == expected


def test_a_stream_keeps_what_later_documents_leave_out() -> None:
    start = {"usage": {"input_tokens": 4, "cache_creation_input_tokens": 1167, "output_tokens": 1}}
    found = combine_stream("api.anthropic.com", [start, {"usage": {"output_tokens": 289}}, None, "x"])
    assert (found.input, found.output, found.cache_write) == (1171, 289, 1167)


def test_a_stream_of_running_totals_is_not_added_up() -> None:
    steps = [
        {"usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": n, "totalTokenCount": 8 + n}} for n in (5, 9)
    ]
    assert combine_stream("gemini", steps).total == 17


def test_unknown_numbers_are_named_and_modalities_are_not() -> None:
    document = {"input": 1, "output": 2, "total": 3, "input_audio": 0, "queue_time": 0.1, "input_cached_renamed": 7}
    assert unknown_keys(document) == ("input_cached_renamed",)
    assert unknown_keys(None) == ()
