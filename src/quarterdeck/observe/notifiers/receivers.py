"""One place that is told, as settings give it: a model for each kind.

A secret is the text itself, or `env:NAME` or `file:PATH` for where it lies, so that the settings file need not hold it.
Refuses: a name that cannot stand in a URL or a route.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
_Address = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=r"^[^@\s<>,]+@[^@\s<>,]+$")]


class _To(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(
        description="How routes and commands call it: small letters, digits, `-`, `_`, `.`; each name once."
    )

    def __str__(self) -> str:
        """For lists of settings: nothing of what is secret."""
        return self.name


class WebhookTo(_To):
    """One POST of JSON."""

    url: SecretStr = Field(description="Address, http or https.")
    secret: SecretStr | None = Field(None, description="Key of the signature.")


class SlackTo(_To):
    """An incoming webhook of Slack, Mattermost or Rocket.Chat."""

    url: SecretStr = Field(description="Address of the incoming webhook; it is the only secret.")


class PagerDutyTo(_To):
    """A service of PagerDuty with an Events API v2 integration."""

    routing_key: SecretStr = Field(description="Integration key, 32 characters.")
    url: str = Field(
        "https://events.pagerduty.com/v2/enqueue", description="Another region, or a receiver of your own."
    )


class AlertmanagerTo(_To):
    """A server that speaks Alertmanager's API v2."""

    url: SecretStr = Field(description="Address of the server, without /api/v2.")
    authorization: SecretStr | None = Field(None, description="Header that it asks for, such as `Bearer ...`.")
    repeat_s: float = Field(60.0, ge=1, le=3600, description="Seconds between two sendings of what fires.")


class EmailTo(_To):
    """Mailboxes, through one mail server."""

    host: str = Field(min_length=1, max_length=253, description="Mail server.")
    port: int | None = Field(None, ge=1, le=65535, description="587 for starttls, 465 for tls, 25 for none.")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="starttls, tls or none.")
    user: str | None = Field(None, min_length=1, description="Who logs in; without one nobody does.")
    password: SecretStr | None = Field(None, description="Password of the login.")
    sender: _Address = Field(description="Address that the mail is from.")
    to: tuple[_Address, ...] = Field(min_length=1, max_length=50, description="Addresses that get it.")
    ca_file: str | None = Field(None, description="File of certificates to trust beside the machine's own.")

    @model_validator(mode="after")
    def _not_in_clear(self) -> EmailTo:
        if self.user is not None and self.password is None:
            msg = f"email {self.name!r} names a user and takes a password"
            raise ValueError(msg)
        if self.user is not None and self.security == "none":
            msg = f"email {self.name!r} would send its password in clear; expected security starttls or tls"
            raise ValueError(msg)
        return self

    @property
    def port_used(self) -> int:
        """As given, else the usual one."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


Receiver = WebhookTo | SlackTo | PagerDutyTo | AlertmanagerTo | EmailTo
