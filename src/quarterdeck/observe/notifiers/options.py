"""Who is told of alerts, and how patiently."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from quarterdeck.model.oncall import AlertClass
from quarterdeck.observe.notifiers.receivers import (
    AlertmanagerTo,
    EmailTo,
    PagerDutyTo,
    Receiver,
    SlackTo,
    WebhookTo,
)

WEBHOOK = "webhook"
"""Name of the receiver that `webhook_url` gives."""


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
    webhooks: tuple[WebhookTo, ...] = Field(
        (), max_length=50, description="More webhooks: name, url, secret. Any secret of a receiver may be `env:NAME` or `file:PATH`."
    )  # fmt: skip
    slack: tuple[SlackTo, ...] = Field(
        (), max_length=50, description="Incoming webhooks of Slack or Mattermost: name, url."
    )
    pagerduty: tuple[PagerDutyTo, ...] = Field(
        (), max_length=50, description="Services of PagerDuty, Events API v2: name, routing_key, url."
    )
    alertmanager: tuple[AlertmanagerTo, ...] = Field(
        (), max_length=50, description="Servers with Alertmanager's API v2: name, url, authorization, repeat_s."
    )
    email: tuple[EmailTo, ...] = Field(
        (),
        max_length=50,
        description="Mailboxes: name, host, port, security (starttls, tls, none), user, password, sender, to, ca_file.",
    )
    routes: dict[AlertClass, tuple[str, ...]] = Field(
        {}, description="Names of receivers by class of alert; a class that is not named goes to all of them."
    )
    digest: tuple[str, ...] = Field(
        (), description="Names of receivers (webhooks, email) that get what a shift was not woken for, once a shift."
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
        60,
        ge=1,
        le=1_000,
        description="How often a message is sent until one is answered; with the rests as shipped, for 2 to 4.5 hours.",
        json_schema_extra={"unit": "requests"},
    )
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

    @model_validator(mode="after")
    def _names(self) -> NotifyOptions:
        names = [one.name for one in self.receivers()] + ([] if self.webhook_url is None else [WEBHOOK])
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"{twice[0]!r} names two receivers; each takes a name of its own"
            raise ValueError(msg)
        for place, wanted in (*((f"routes.{kind}", to) for kind, to in self.routes.items()), ("digest", self.digest)):
            for name in wanted:
                if name not in names:
                    msg = (
                        f"{place} names {name!r}; expected one of {', '.join(names) or 'no receiver, for none is set'}"
                    )
                    raise ValueError(msg)
        able = {one.name for one in (*self.webhooks, *self.email)} | {WEBHOOK}
        for name in self.digest:
            if name not in able:
                msg = f"digest names {name!r}, expected a webhook or an email receiver"
                raise ValueError(msg)
        return self

    def receivers(self) -> tuple[Receiver, ...]:
        """All but the one that `webhook_url` gives, kind by kind."""
        return (*self.webhooks, *self.slack, *self.pagerduty, *self.alertmanager, *self.email)


def check_address(name: str, url: str) -> None:
    """Raises ValueError that does not repeat the address."""
    _check(name, url)


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
