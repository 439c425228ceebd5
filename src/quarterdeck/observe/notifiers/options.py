"""Who is told of alerts, and how patiently."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class NotifyOptions(BaseModel):
    """Notifications of alerts that fire and alerts that are resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook_url: SecretStr | None = Field(
        None,
        description="Address that gets one POST for each alert that fires and each that is resolved; http or https. Not shown, since such addresses often hold a secret.",
        json_schema_extra={"unit": "address"},
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="Key with which each request is signed (HMAC-SHA256), so that the receiver knows whom it is from.",
        json_schema_extra={"unit": "text"},
    )
    page_url: str | None = Field(
        None,
        description="Address under which people reach this server, for the links in messages; without one, the API's own.",
        json_schema_extra={"unit": "address"},
    )
    timeout_s: float = Field(
        10.0, gt=0, le=120, description="How long one request may take.", json_schema_extra={"unit": "seconds"}
    )
    attempts: int = Field(
        8, ge=1, le=50, description="How often a message is sent until one is answered.", json_schema_extra={"unit": "requests"}
    )  # fmt: skip
    backoff_s: float = Field(
        2.0,
        gt=0,
        description="Rest before the second request; it doubles each time, a random part of it shorter.",
        json_schema_extra={"unit": "seconds"},
    )
    backoff_max_s: float = Field(
        300.0, gt=0, description="The longest rest between two requests.", json_schema_extra={"unit": "seconds"}
    )
    queue_max: int = Field(
        1_000,
        ge=1,
        description="Messages that wait to be sent; further ones are refused and counted, and sent after the next start.",
        json_schema_extra={"unit": "messages"},
    )

    @field_validator("webhook_url")
    @classmethod
    def _reachable(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            _check("webhook_url", url.get_secret_value())
        return url

    @field_validator("page_url")
    @classmethod
    def _shown(cls, url: str | None) -> str | None:
        if url is not None:
            _check("page_url", url)
        return url


def _check(name: str, url: str) -> None:
    """The message does not repeat the address."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or any(c.isspace() or ord(c) < 32 for c in url):
        msg = f"{name} takes an address such as https://hooks.example.com/quarterdeck"
        raise ValueError(msg)
