"""Provider names in one spelling."""

from __future__ import annotations

import pytest

from quarterdeck.observe.canonical.providers import model_name, provider, provider_of_model


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OpenAI", "openai"), ("openai.responses", "openai"), ("azure", "azure.ai.openai"), ("az.ai.openai", "azure.ai.openai"),
        ("xai", "x_ai"), ("mistral", "mistral_ai"), ("google.generative-ai", "gcp.gemini"), ("vertex_ai", "gcp.vertex_ai"),
        ("aws", "aws.bedrock"), ("aws.bedrock", "aws.bedrock"), ("langchain", None), ("gcp.vertex.agent", None),
        ("some-new-provider", "some-new-provider"), ("", None), (None, None), ({}, None),
    ],
)  # fmt: skip
def test_names(name: object, expected: str | None) -> None:
    assert provider(name) == expected
    assert provider(name) == expected  # the second time from memory


@pytest.mark.parametrize(
    ("model", "expected"),
    [("gpt-5", "openai"), ("claude-sonnet-4-5", "anthropic"), ("us.anthropic.claude-sonnet-4", "aws.bedrock"),
     ("gemini-2.5-pro", "gcp.gemini"), ("llama-3.3-70b", None)],
)  # fmt: skip
def test_a_models_name_gives_its_provider_away(model: str, expected: str | None) -> None:
    assert provider_of_model(model) == expected


def test_unknown_is_no_model() -> None:
    assert model_name("unknown") is None
    assert model_name("gpt-5") == "gpt-5"
