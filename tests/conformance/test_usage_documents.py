"""Usage documents as today's providers send them: every shape gives inclusive counts.

Source of the shapes: the providers' API references. Rows: name, hint, document, (input, output, read, write, reasoning).
"""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.observe.canonical import combine_stream, normalise_usage
from quarterdeck.observe.canonical.usage import unknown_keys

Row = tuple[str, str, dict[str, Any], tuple[int | None, int | None, int | None, int | None, int | None]]

ROWS: list[Row] = [
    ("openai chat", "openai", {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150, "prompt_tokens_details":
      {"cached_tokens": 64, "audio_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 0,
      "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}, (100, 50, 64, None, 20)),
    ("openai responses", "api.openai.com", {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 64},
      "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 20}, "total_tokens": 150}, (100, 50, 64, None, 20)),
    ("openai realtime", "openai", {"total_tokens": 253, "input_tokens": 132, "output_tokens": 121, "input_token_details":
      {"text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64, "cached_tokens_details":
      {"text_tokens": 64, "audio_tokens": 0}}, "output_token_details": {"text_tokens": 30, "audio_tokens": 91}},
      (132, 121, 64, None, None)),
    ("openai transcription", "openai", {"type": "tokens", "input_tokens": 14, "input_token_details": {"text_tokens": 0,
      "audio_tokens": 14}, "output_tokens": 45, "total_tokens": 59}, (14, 45, None, None, None)),
    ("openai transcription by time", "openai", {"type": "duration", "seconds": 9}, (None, None, None, None, None)),
    ("openai image", "openai", {"total_tokens": 100, "input_tokens": 50, "output_tokens": 50, "input_tokens_details":
      {"text_tokens": 10, "image_tokens": 40}}, (50, 50, None, None, None)),
    ("openai embeddings", "openai", {"prompt_tokens": 8, "total_tokens": 8}, (8, None, None, None, None)),
    ("openai batch", "openai", {"input_tokens": 1500, "input_tokens_details": {"cached_tokens": 1024}, "output_tokens": 500,
      "output_tokens_details": {"reasoning_tokens": 300}, "total_tokens": 2000}, (1500, 500, 1024, None, 300)),
    ("azure chat", "azure.ai.openai", {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
      "prompt_tokens_details": None, "completion_tokens_details": None}, (100, 50, None, None, None)),
    ("azure inference", "models.inference.ai.azure.com", {"completion_tokens": 10, "prompt_tokens": 20, "total_tokens": 30},
      (20, 10, None, None, None)),
    ("anthropic", "anthropic", {"input_tokens": 3, "cache_creation_input_tokens": 200, "cache_read_input_tokens": 5000,
      "cache_creation": {"ephemeral_5m_input_tokens": 150, "ephemeral_1h_input_tokens": 50}, "output_tokens": 40,
      "service_tier": "standard", "server_tool_use": {"web_search_requests": 1}}, (5203, 40, 5000, 200, None)),
    ("anthropic with thoughts", "anthropic", {"input_tokens": 3, "output_tokens": 40, "output_tokens_details":
      {"thinking_tokens": 30}}, (3, 40, None, None, 30)),
    ("anthropic on bedrock invoke", "bedrock", {"input_tokens": 12, "output_tokens": 4}, (12, 4, None, None, None)),
    ("anthropic on vertex", "aiplatform.googleapis.com", {"input_tokens": 12, "cache_read_input_tokens": 100,
      "cache_creation_input_tokens": 0, "output_tokens": 4}, (112, 4, 100, 0, None)),
    ("gemini", "google", {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 22,
      "cachedContentTokenCount": 4, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}]}, (10, 12, 4, None, 7)),
    ("gemini with a tool prompt", "google", {"promptTokenCount": 10, "candidatesTokenCount": 5, "toolUsePromptTokenCount": 8,
      "thoughtsTokenCount": 7, "totalTokenCount": 30}, (18, 12, None, None, 7)),
    ("gemini live", "google", {"promptTokenCount": 10, "responseTokenCount": 5, "totalTokenCount": 15,
      "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 5}]}, (10, 5, None, None, None)),
    ("gemini in python", "google", {"prompt_token_count": 10, "candidates_token_count": 5, "total_token_count": 15},
      (10, 5, None, None, None)),
    ("gemini count of tokens", "google", {"totalTokens": 31}, (31, None, None, None, None)),
    ("gemini as openai", "generativelanguage.googleapis.com", {"prompt_tokens": 10, "completion_tokens": 5,
      "total_tokens": 25}, (10, 15, None, None, None)),
    ("vertex text model", "aiplatform.googleapis.com", {"metadata": {}, "tokenMetadata": {"inputTokenCount":
      {"totalTokens": 10}, "outputTokenCount": {"totalTokens": 5}}}, (10, 5, None, None, None)),
    ("bedrock converse", "bedrock", {"inputTokens": 3, "outputTokens": 40, "totalTokens": 5243, "cacheReadInputTokens": 5000,
      "cacheWriteInputTokens": 200, "cacheDetails": [{"ttl": "1h", "inputTokens": 50}]}, (5203, 40, 5000, 200, None)),
    ("bedrock converse without a total", "bedrock", {"inputTokens": 3, "outputTokens": 40, "cacheReadInputTokens": 2},
      (5, 40, 2, None, None)),
    ("bedrock nova invoke", "bedrock", {"usage": {"inputTokens": 3, "outputTokens": 40, "totalTokens": 43,
      "cacheReadInputTokenCount": 0, "cacheWriteInputTokenCount": 0}}, (3, 40, 0, 0, None)),
    ("bedrock stream metrics", "bedrock", {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 3, "outputTokenCount": 40,
      "invocationLatency": 900, "firstByteLatency": 200, "cacheReadInputTokenCount": 10, "cacheWriteInputTokenCount": 0}},
      (13, 40, 10, 0, None)),
    ("bedrock titan", "bedrock", {"inputTextTokenCount": 3, "results": [{"tokenCount": 40, "outputText": "x"}]},
      (3, 40, None, None, None)),
    ("bedrock titan embedding", "bedrock", {"inputTextTokenCount": 3}, (3, None, None, None, None)),
    ("bedrock llama", "bedrock", {"prompt_token_count": 3, "generation_token_count": 40}, (3, 40, None, None, None)),
    ("cohere chat 2", "cohere", {"billed_units": {"input_tokens": 5, "output_tokens": 10}, "tokens": {"input_tokens": 71,
      "output_tokens": 12}, "cached_tokens": 16}, (71, 12, 16, None, None)),
    ("cohere embed", "cohere", {"meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 5}}},
      (5, None, None, None, None)),
    ("cohere rerank", "cohere", {"meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}},
      (None, None, None, None, None)),
    ("mistral", "mistral_ai", {"prompt_tokens": 16, "total_tokens": 50, "completion_tokens": 34, "num_cached_tokens": 8,
      "prompt_audio_seconds": 3}, (16, 34, 8, None, None)),
    ("mistral conversations", "mistral_ai", {"prompt_tokens": 188, "completion_tokens": 55, "total_tokens": 7355,
      "connector_tokens": 7112, "connectors": {"web_search": 1}}, (7300, 55, None, None, None)),
    ("mistral ocr", "mistral_ai", {"usage_info": {"pages_processed": 2, "doc_size_bytes": 900}}, (None,) * 5),
    ("groq", "groq", {"x_groq": {"id": "req", "usage": {"queue_time": 0.03, "prompt_tokens": 18, "prompt_time": 0.0007,
      "completion_tokens": 556, "completion_time": 0.46, "total_tokens": 574, "total_time": 0.46}}}, (18, 556, None, None, None)),
    ("deepseek", "deepseek", {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
      "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36, "completion_tokens_details": {"reasoning_tokens": 30}},
      (100, 50, 64, None, 30)),
    ("xai chat", "x_ai", {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135, "prompt_tokens_details":
      {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 6}, "completion_tokens_details":
      {"reasoning_tokens": 94}, "num_sources_used": 0}, (32, 103, 6, None, 94)),
    ("xai sdk", "x_ai", {"completion_tokens": 9, "reasoning_tokens": 94, "prompt_tokens": 32, "total_tokens": 135,
      "prompt_text_tokens": 32, "cached_prompt_text_tokens": 6}, (32, 103, 6, None, 94)),
    ("openrouter", "openrouter.ai", {"prompt_tokens": 194, "completion_tokens": 2, "total_tokens": 196, "cost": 0.95,
      "cost_details": {"upstream_inference_cost": 19}, "is_byok": False, "prompt_tokens_details": {"cached_tokens": 100,
      "cache_write_tokens": 50, "audio_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0}},
      (194, 2, 100, 50, 0)),
    ("openrouter generation", "openrouter.ai", {"tokens_prompt": 10, "tokens_completion": 25, "native_tokens_prompt": 12,
      "native_tokens_completion": 27, "native_tokens_reasoning": 5, "native_tokens_cached": 4, "total_cost": 0.0015},
      (12, 27, 4, None, 5)),
    ("perplexity", "perplexity", {"prompt_tokens": 14, "completion_tokens": 70, "total_tokens": 84, "search_context_size":
      "low", "citation_tokens": 900, "num_search_queries": 3, "cost": {"total_cost": 0.01}}, (14, 70, None, None, None)),
    ("together", "together", {"prompt_tokens": 31, "completion_tokens": 5, "total_tokens": 36, "cached_tokens": 16},
      (31, 5, 16, None, None)),
    ("fireworks", "fireworks", {"prompt_tokens": 31, "total_tokens": 36, "completion_tokens": 5, "prompt_tokens_details":
      {"cached_tokens": 0}}, (31, 5, 0, None, None)),
    ("ollama", "ollama", {"model": "llama3.2", "prompt_eval_count": 26, "prompt_eval_duration": 130, "eval_count": 298,
      "eval_duration": 470, "total_duration": 10}, (26, 298, None, None, None)),
    ("ollama embedding", "ollama", {"model": "minilm", "total_duration": 14, "prompt_eval_count": 8}, (8, None, None, None, None)),
    ("llama api", "api.llama.com", {"metrics": [{"metric": "num_completion_tokens", "value": 25, "unit": "tokens"},
      {"metric": "num_prompt_tokens", "value": 35, "unit": "tokens"}, {"metric": "num_total_tokens", "value": 60}]},
      (35, 25, None, None, None)),
    ("llama.cpp", "localhost", {"tokens_predicted": 25, "tokens_evaluated": 35, "tokens_cached": 59}, (35, 25, None, None, None)),
    ("text generation inference", "huggingface", {"generated_tokens": 25, "finish_reason": "length"}, (None, 25, None, None, None)),
    ("replicate", "replicate", {"metrics": {"input_token_count": 35, "output_token_count": 25, "predict_time": 0.4}},
      (35, 25, None, None, None)),
    ("watsonx", "ibm.watsonx.ai", {"input_token_count": 35, "generated_token_count": 25}, (35, 25, None, None, None)),
    ("voyage", "voyageai", {"total_tokens": 10}, (10, None, None, None, None)),
    ("jina rerank", "jina", {"total_tokens": 38, "prompt_tokens": 38}, (38, None, None, None, None)),
    ("cortex", "snowflake", {"prompt_tokens": 20, "completion_tokens": 10, "guardrail_tokens": 5, "total_tokens": 35},
      (25, 10, None, None, None)),
    ("ai sdk 4", "", {"promptTokens": 20, "completionTokens": 10, "totalTokens": 30}, (20, 10, None, None, None)),
    ("ai sdk 5", "", {"inputTokens": 20, "outputTokens": 10, "totalTokens": 30, "reasoningTokens": 4, "cachedInputTokens": 8},
      (20, 10, 8, None, 4)),
    ("ai sdk 6", "", {"inputTokens": 20, "inputTokenDetails": {"noCacheTokens": 10, "cacheReadTokens": 8, "cacheWriteTokens":
      2}, "outputTokens": 10, "outputTokenDetails": {"textTokens": 6, "reasoningTokens": 4}, "totalTokens": 30},
      (20, 10, 8, 2, 4)),
    ("ai sdk provider 3", "", {"inputTokens": {"total": 20, "noCache": 10, "cacheRead": 8, "cacheWrite": 2},
      "outputTokens": {"total": 10, "text": 6, "reasoning": 4}}, (20, 10, 8, 2, 4)),
    ("genkit", "", {"inputTokens": 20, "outputTokens": 6, "thoughtsTokens": 4, "totalTokens": 30, "inputCharacters": 80,
      "inputImages": 0}, (20, 10, None, None, 4)),
    ("langchain", "anthropic", {"input_tokens": 20, "output_tokens": 10, "total_tokens": 30, "input_token_details":
      {"cache_read": 8, "cache_creation": 2}, "output_token_details": {"reasoning": 4}}, (20, 10, 8, 2, 4)),
    ("pydantic-ai", "anthropic", {"input_tokens": 20, "cache_write_tokens": 2, "cache_read_tokens": 8, "output_tokens": 10,
      "details": {"reasoning_tokens": 4}}, (20, 10, 8, 2, 4)),
    ("agno", "openai", {"input_tokens": 20, "output_tokens": 10, "total_tokens": 30, "cache_read_tokens": 8,
      "reasoning_tokens": 4}, (20, 10, 8, None, 4)),
    ("crewai", "", {"total_tokens": 30, "prompt_tokens": 20, "cached_prompt_tokens": 8, "completion_tokens": 10,
      "successful_requests": 2}, (20, 10, 8, None, None)),
    ("codex", "openai", {"input_tokens": 20, "cached_input_tokens": 8, "output_tokens": 10, "reasoning_output_tokens": 4,
      "total_tokens": 30}, (20, 10, 8, None, 4)),
    ("langfuse, parts inside", "", {"input": 20, "output": 10, "total": 30, "input_cached_tokens": 8}, (20, 10, 8, None, None)),
    ("langfuse, parts outside", "", {"input": 12, "output": 6, "total": 30, "input_cached_tokens": 8,
      "output_reasoning_tokens": 4}, (20, 10, 8, None, 4)),
    ("langfuse, anthropic's names", "", {"input": 3, "output": 40, "cache_read_input_tokens": 5000,
      "cache_creation_input_tokens": 200, "total": 5243}, (5203, 40, 5000, 200, None)),
    ("mlflow", "", {"input_tokens": 20, "output_tokens": 10, "total_tokens": 30, "cache_read_input_tokens": 8},
      (20, 10, 8, None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "hint", "document", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_a_provider_s_document(name: str, hint: str, document: dict[str, Any], wanted: tuple[int | None, ...]) -> None:
    counts = normalise_usage(hint, document)
    assert (counts.input, counts.output, counts.cache_read, counts.cache_write, counts.reasoning) == wanted
    assert counts.confidence not in ("mismatch", "rejected")
    assert unknown_keys(document) == () or name in WITH_TIMES


WITH_TIMES = frozenset({"ollama", "ollama embedding", "openrouter generation"})
"""Whole responses, not usage documents: they have other numbers beside."""


@pytest.mark.parametrize(("name", "hint", "document", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_a_document_in_its_response(
    name: str, hint: str, document: dict[str, Any], wanted: tuple[int | None, ...]
) -> None:
    """The wrapper of a response changes nothing."""
    assert normalise_usage(hint, {"id": "x", "usage": document}) == normalise_usage(hint, document)


def test_an_unknown_count_is_told_and_not_summed() -> None:
    document = {"input_tokens": 5, "output_tokens": 2, "quantum_tokens": 900}
    assert normalise_usage("openai", document).total == 7
    assert unknown_keys(document) == ("quantum_tokens",)


def test_a_stream_of_running_totals() -> None:
    gemini = [
        {"usageMetadata": {"promptTokenCount": 10, "totalTokenCount": 10}},
        {"usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}},
    ]
    assert combine_stream("google", gemini)[:2] == (10, 5)
