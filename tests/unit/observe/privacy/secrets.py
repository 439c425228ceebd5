"""Texts that look like secrets, put together here so that no scanner takes this file for a leak."""

from __future__ import annotations

SECRETS = {
    "provider_key": ["sk-" + "proj-a1B2c3D4e5F6g7H8i9J0", "sk-" + "ant-api03-abcdefghij0123456789", "gsk_" + "a1" * 20, "hf_" + "a1B2" * 9, "AIza" + "a1B2C3d" * 5],
    "aws_key": ["AKIA" + "ABCDEFGH12345678"],
    "code_host_token": ["ghp_" + "a1B2c3" * 6, "github_pat_" + "11ABCDEFG0abcdefghijkl", "glpat-" + "abcdefghij0123456789"],
    "slack_token": ["xoxb-" + "123456789012-abcdef"],
    "payment_key": ["sk_" + "live_abcdefghij012345"],
    "jwt": ["eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0In0" + ".abc-DEF_123"],
    "private_key": ["-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----"],
    "authorization": ["Bearer " + "abcdef0123456789"],
    "named_secret": ['"password": "' + 'hunter2!"', '"api_key": "' + 'local-thing"', '\\"client_secret\\": \\"' + 'zzz top\\"'],
    "url_secret": ["https://host/path?api_key=" + "letmein-please"],
    "url_password": ["postgres://admin:" + "s3cr3t@db:5432/x"],
    "email": ["ada.lovelace@example.org"],
    "phone": ["+49 30 1234567", "(030) 123 4567", "415-555-2671"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
}  # fmt: skip
"""Rule → texts that it must find."""

HARMLESS = {
    "provider_key": ["task-lists-are-not-keys-at-all", "desk-a1b2", "risk-assessment-2024-of-the-very-long-name"],
    "aws_key": ["AKIA is a prefix", "XAKIAABCDEFGH12345678Z"],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9"],
    "authorization": ["the bearer understandably", "basic responsibilities"],
    "named_secret": ["the password is a word", '"password_policy": "strict"'],
    "url_password": ["see http://host:8080/path and a@b"],
    "email": ["a@b", "@decorator.method"],
    "phone": ["2024-01-02", "version 1.2.3", "12345678"],
    "card": ["4111 1111 1111 1112", "0000 0000 0000 0000", "1234567890123"],
    "iban": ["DE89 3704 0044 0532 0130 01", "AB12 CDEF"],
}
"""Rule → texts that only look so."""
