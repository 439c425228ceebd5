"""The shipped rules: what a secret or a personal datum looks like in text. Each is a pattern, a trigger, perhaps a check.

`trigger` is a looser expression without boundaries or anchors: it is searched in the bytes of a whole request, and
whatever a rule matches contains a match of its trigger (a test holds that). `check` looks at what matched and may say no.
Sources of the forms: the providers' own documentation of their keys; ISO 7812 (Luhn), ISO 13616 (IBAN).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from quarterdeck.observe.privacy.names import AFTER_NAME, NAME_ENDS


class Rule(NamedTuple):
    """One shipped rule. `group` is the part that is replaced (0 = all of the match)."""

    name: str
    pattern: str
    trigger: str
    sentence: str
    group: int = 0
    check: Callable[[bytes], bool] | None = None


def has_digit(found: bytes) -> bool:
    """Keys are random, so they hold digits; words joined by hyphens do not."""
    return any(0x30 <= byte <= 0x39 for byte in found)


def luhn(found: bytes) -> bool:
    """Whether the digits are a card number by their check digit."""
    digits = [byte - 0x30 for byte in found if 0x30 <= byte <= 0x39]
    doubled = [2 * digit - 9 if 2 * digit > 9 else 2 * digit for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def iban(found: bytes) -> bool:
    """Whether the check digits of an IBAN hold (mod 97)."""
    text = found.decode("ascii").replace(" ", "").upper()
    return 15 <= len(text) <= 34 and int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def phone(found: bytes) -> bool:
    """Whether there are as many digits as a telephone number has (ITU-T E.164: at most 15)."""
    return 8 <= sum(0x30 <= byte <= 0x39 for byte in found) <= 15


SECRETS = (
    Rule(
        "provider_key",
        r"\b(?:sk-[A-Za-z0-9_-]{20,}|(?:gsk_|xai-|pplx-|nvapi-|r8_|hf_)[A-Za-z0-9_-]{30,}|AIza[A-Za-z0-9_-]{35})",
        r"(?:sk-[A-Za-z0-9_-]{20}|(?:gsk_|xai-|pplx-|nvapi-|r8_|hf_)[A-Za-z0-9_-]{30}|AIza[A-Za-z0-9_-]{35})",
        "API keys of model providers (OpenAI, Anthropic, OpenRouter, Groq, xAI, Perplexity, NVIDIA, Replicate, Hugging Face, Google)",
        check=has_digit,
    ),
    Rule(
        "aws_key",
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
        "Access key ids of AWS",
    ),
    Rule(
        "code_host_token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})",
        r"(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}|glpat-[A-Za-z0-9_-]{20}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50})",
        "Tokens of GitHub, GitLab, npm and PyPI",
    ),
    Rule(
        "slack_token",
        r"\b(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,}",
        r"(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10}",
        "Tokens of Slack",
    ),
    Rule(
        "payment_key",
        r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
        r"[rs]k_(?:live|test)_[A-Za-z0-9]{16}",
        "Secret keys of Stripe",
    ),
    Rule(
        "jwt",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"eyJ[A-Za-z0-9_-]{8,}\.eyJ",
        "JSON Web Tokens",
    ),
    Rule(
        "private_key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.)*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
        r"PRIVATE KEY",
        "Private keys in PEM form",
    ),
    Rule(
        "authorization",
        r"(?i)\b(?:bearer|basic)\s+([a-z0-9._~+/=-]{16,})",
        r"(?:[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc])\s+[A-Za-z0-9._~+/=-]{16}",
        "What follows `Bearer` or `Basic`",
        group=1,
        check=has_digit,
    ),
    Rule(
        "named_secret",
        rf"(?i){NAME_ENDS}\\*[\"']\s*[:=]\s*\\*[\"']([^\"'\\]+)",
        rf"(?i){NAME_ENDS}\\*[\"']",
        "The value of a key such as `password` or `api_key` in JSON text",
        group=1,
    ),
    Rule(
        "url_secret",
        r"(?i)(?:[?&](?:api_?key|access_token|auth_token|client_secret|password|sig|signature)=([^&\s\"'\\#]{6,}))",
        r"(?i)[?&](?:api_?key|access_token|auth_token|client_secret|password|sig|signature)=",
        "Keys and signatures in the query of a URL",
        group=1,
    ),
    Rule(
        "url_password",
        r"[a-z][a-z0-9+.-]{1,20}://[^/\s:@\"']{0,64}:([^/\s@\"']{1,128})@",
        r"://[^/\s:@\"']{0,64}:[^/\s@\"']{1,128}@",
        "The password in the address of a server",
        group=1,
    ),
)
"""On by default: nobody wants these stored."""

PERSONAL = (
    Rule(
        "email",
        r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b",
        r"[A-Za-z0-9._%+-]@[A-Za-z0-9-]+\.",
        "E-mail addresses",
    ),
    Rule(
        "phone",
        r"(?:\+|\b00)[1-9][0-9 ()./-]{6,20}[0-9]\b|\(\d{2,5}\)[ -]?\d{2,4}[ -]?\d{3,8}\b|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b",
        r"(?:(?:\+|00)[1-9][0-9 ()./-]{6}|\(\d{2,5}\)[ -]?\d{2}|\d{3}[-. ]\d{3}[-. ]\d{4})",
        "Telephone numbers with a country code, an area code in brackets, or in the North American form",
        check=phone,
    ),
    Rule(
        "card",
        r"\b(?:\d[ -]?){12,18}\d\b",
        r"(?:\d[ -]?){12}\d",
        "Payment card numbers that pass the Luhn check",
        check=luhn,
    ),
    Rule(
        "iban",
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b",
        r"[A-Z]{2}\d{2} ?[A-Z0-9]{4} ?[A-Z0-9]{3}",
        "Bank account numbers (IBAN) whose check digits hold",
        check=iban,
    ),
)
"""Off by default: many fleets need them in their texts, and whoever does not can name them."""

SHIPPED = {rule.name: rule for rule in (*SECRETS, *PERSONAL)}

DEFAULT_RULES = tuple(rule.name for rule in SECRETS)

NAME_TRIGGER = rf"(?i){NAME_ENDS}{AFTER_NAME}"
"""An attribute whose name says that its value is a secret, as it stands in the bytes of a request."""

BY_NAME = "secret_name"
"""The rule under which values are counted that went for their attribute's name."""
