"""What is taken out at the door and what of the content is kept: for all projects, and for one by its name."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from quarterdeck.errors import BadSetting

Capture = Literal["on", "off", "sampled"]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_KNOWN = (
    "provider_key", "aws_key", "code_host_token", "slack_token", "payment_key", "jwt", "private_key", "authorization",
    "named_secret", "url_secret", "url_password", "email", "phone", "card", "iban",
)  # fmt: skip
_DEFAULT = _KNOWN[:11]


class ProjectPrivacy(BaseModel):
    """What one project has otherwise; unset = as for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    capture: Capture | None = None
    capture_share: float | None = Field(None, ge=0, le=1)
    keep_user_ids: bool | None = None


class PrivacyOptions(BaseModel):
    """What is taken out of spans before they are stored, and how much of their content is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[str, ...] = Field(
        _DEFAULT,
        description="Shipped rules in force; `email`, `phone`, `card` and `iban` exist beside the default ones.",
        json_schema_extra={"unit": "names"},
    )
    secret_names: bool = Field(
        True,
        description="Take out the value of every attribute whose name ends like a secret's (password, api_key, authorization, cookie, ...).",
        json_schema_extra={"unit": "yes or no"},
    )
    names: tuple[Annotated[str, StringConstraints(min_length=2, max_length=200)], ...] = Field(
        (),
        max_length=200,
        description="Attribute names of your own whose value is taken out; `*` at an end stands for anything.",
        json_schema_extra={"unit": "names"},
    )
    patterns: dict[str, str] = Field(
        default_factory=dict,
        max_length=100,
        description="Rules of your own: name and RE2 expression.",
        json_schema_extra={"unit": "name = expression"},
    )
    keyed: tuple[str, ...] = Field(
        (),
        description="Rules that leave a keyed hash instead of nothing, so that equal values can still be joined.",
        json_schema_extra={"unit": "names"},
    )
    keep_user_ids: bool = Field(
        False,
        description="Keep user ids as sent in the raw attributes; otherwise their keyed hash stands there.",
        json_schema_extra={"unit": "yes or no"},
    )
    capture: Capture = Field(
        "on",
        description="Keep messages and payloads: of all sessions, of none, or of a share of them.",
        json_schema_extra={"unit": "on, off or sampled"},
    )
    capture_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="With `sampled`: the share of sessions whose content is kept, chosen by the session's hash.",
        json_schema_extra={"unit": "share"},
    )
    projects: dict[str, ProjectPrivacy] = Field(
        default_factory=dict,
        max_length=10_000,
        description="By project: `capture`, `capture_share` and `keep_user_ids` where they differ.",
        json_schema_extra={"unit": "project = table"},
    )

    @field_validator("rules")
    @classmethod
    def _known_rules(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        strange = [name for name in rules if name not in _KNOWN]
        if strange:
            msg = f"no shipped rule is called {strange[0]!r}; there are {', '.join(_KNOWN)}"
            raise ValueError(msg)
        return rules

    @field_validator("patterns")
    @classmethod
    def _sound_patterns(cls, patterns: dict[str, str]) -> dict[str, str]:
        for name, pattern in patterns.items():
            if not _NAME.match(name) or name in _KNOWN:
                msg = f"a rule of your own cannot be called {name!r}: lower-case letters, digits and _, and no shipped rule's name"
                raise ValueError(msg)
            _check(name, pattern)
        return patterns

    @model_validator(mode="after")
    def _known_keyed(self) -> Self:
        known = {*self.rules, *self.patterns, "secret_name", "own_name"}
        strange = [name for name in self.keyed if name not in known]
        if strange:
            msg = f"keyed names {strange[0]!r}, which is no rule in force"
            raise ValueError(msg)
        return self

    def capture_of(self, project: str) -> tuple[Capture, float]:
        """(mode, share kept) of a project."""
        own = self.projects.get(project)
        if own is None:
            return self.capture, self.capture_share
        share = self.capture_share if own.capture_share is None else own.capture_share
        return own.capture or self.capture, share

    def keeps_user_ids(self, project: str) -> bool:
        """Whether raw user ids of a project stay."""
        own = self.projects.get(project)
        return self.keep_user_ids if own is None or own.keep_user_ids is None else own.keep_user_ids


def _check(name: str, pattern: str) -> None:
    from quarterdeck.observe.privacy.engine import compile_pattern  # noqa: PLC0415 - the engine loads when there is something to compile

    try:
        compile_pattern(name, pattern)
    except BadSetting as error:
        raise ValueError(str(error)) from error
