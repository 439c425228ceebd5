"""Options of the gateway and of admission in front of it: declared once here; file, environment, flags and docs derive from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class GatewayOptions(BaseModel):
    """The door for unmodified SDKs: where providers are, whose keys are used, and its bounds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Where `serve` opens a gateway; 0 picks a free port, not set opens none.",
        json_schema_extra={"unit": "port"},
    )
    openai_url: str = Field(
        "https://api.openai.com",
        description="Address behind `/openai`; what follows it in a request is appended.",
        json_schema_extra={"unit": "URL"},
    )
    anthropic_url: str = Field(
        "https://api.anthropic.com",
        description="Address behind `/anthropic`; what follows it in a request is appended.",
        json_schema_extra={"unit": "URL"},
    )
    openai_key: SecretStr | None = Field(
        None,
        description="Key that the gateway holds for OpenAI; not set passes the client's on.",
        json_schema_extra={"unit": "key"},
    )
    anthropic_key: SecretStr | None = Field(
        None,
        description="Key that the gateway holds for Anthropic; not set passes the client's on.",
        json_schema_extra={"unit": "key"},
    )
    openai_key_file: Path | None = Field(
        None,
        description="File that holds the key for OpenAI instead; read at the start.",
        json_schema_extra={"unit": "path"},
    )
    anthropic_key_file: Path | None = Field(
        None,
        description="File that holds the key for Anthropic instead; read at the start.",
        json_schema_extra={"unit": "path"},
    )
    tenant_keys_file: Path | None = Field(
        None,
        description="JSON file of the gateway's own keys, {key: tenant}; then every call needs one.",
        json_schema_extra={"unit": "path"},
    )
    ask_usage: bool = Field(
        True,
        description="Make OpenAI chat streams report usage, and take it out again where the client did not ask.",
        json_schema_extra={"unit": "yes or no"},
    )
    spans: bool = Field(
        True,
        description="Tell of every call as a span, so that calls of agents without instrumentation are seen.",
        json_schema_extra={"unit": "yes or no"},
    )
    attempts_max: int = Field(
        5,
        ge=1,
        le=20,
        description="Attempts at one call, as far as the retry budget allows.",
        json_schema_extra={"unit": "attempts"},
    )
    connections_max: int = Field(
        4096,
        ge=1,
        description="Clients connected at the same time; more are turned away.",
        json_schema_extra={"unit": "connections"},
    )
    head_bytes_max: int = Field(
        65_536, ge=1024, description="Size of a request's head.", json_schema_extra={"unit": "bytes"}
    )
    body_bytes_max: int = Field(
        67_108_864, ge=1024, description="Size of a request's body.", json_schema_extra={"unit": "bytes"}
    )
    held_bytes_max: int = Field(
        1_073_741_824,
        ge=1024,
        description="Bodies of all calls that wait or are under way; beyond it calls are answered 503.",
        json_schema_extra={"unit": "bytes"},
    )
    request_s_max: float = Field(
        60.0, gt=0, description="Time in which a request has to arrive whole.", json_schema_extra={"unit": "seconds"}
    )
    idle_s_max: float = Field(
        75.0,
        gt=0,
        description="How long a silent connection of a client stays open.",
        json_schema_extra={"unit": "seconds"},
    )
    stall_s_max: float = Field(
        120.0,
        gt=0,
        description="How long a client may take nothing of its answer before it is given up.",
        json_schema_extra={"unit": "seconds"},
    )
    connect_s_max: float = Field(
        10.0,
        gt=0,
        description="Time in which a provider has to take a connection.",
        json_schema_extra={"unit": "seconds"},
    )
    silence_s_max: float = Field(
        600.0,
        gt=0,
        description="How long a provider may say nothing while an answer is awaited.",
        json_schema_extra={"unit": "seconds"},
    )
    upstream_idle_max: int = Field(
        512,
        ge=0,
        description="Connections to a provider that are kept open for the next call.",
        json_schema_extra={"unit": "connections"},
    )
    upstream_idle_s_max: float = Field(
        45.0,
        gt=0,
        description="How long; less than providers keep them, so that a call rarely meets a closed one.",
        json_schema_extra={"unit": "seconds"},
    )


class AdmissionOptions(BaseModel):
    """The token ledger in front of the gateway's providers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: dict[str, dict[str, Any]] = Field(
        default_factory=lambda: {"claude*": {"meter": "anthropic"}, "*": {"meter": "openai"}},
        description="By pattern of model, first match wins: meter, limits, shares, policy. Limits that are not given are taken "
        "from the provider's headers, else measured.",
        json_schema_extra={"unit": "accounts"},
    )
    shared_url: SecretStr | None = Field(
        None,
        description="Redis or Valkey in which gateways keep one ledger together; not set keeps it in this process.",
        json_schema_extra={"unit": "URL"},
    )
    shared_name: str = Field(
        "default",
        description="Gateways with the same name and accounts share a ledger.",
        json_schema_extra={"unit": "name"},
    )
    shared_fail: Literal["closed", "open"] = Field(
        "closed",
        description="When that server cannot be reached: calls wait, or each gateway goes on with its part of every limit.",
        json_schema_extra={"unit": "closed or open"},
    )
