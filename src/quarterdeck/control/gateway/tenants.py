"""Whose call it is: by a key of the gateway, or by the word of a header where no keys are given out.

Refuses: keeping a key; only its hash is in memory, and no message repeats one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from quarterdeck.errors import BadFile

KEY_HEADER = b"x-quarterdeck-key"
"""Where the gateway's key goes when the provider's own place for a key holds the provider's."""


class Tenants:
    """`keys`: tenant by key. Empty: everybody may call, and says who it is in `x-quarterdeck-tenant`."""

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        self._by_hash = {_hash(key.encode()): tenant for key, tenant in (keys or {}).items()}

    @property
    def demanded(self) -> bool:
        """Whether a call needs a key."""
        return bool(self._by_hash)

    def of(self, headers: Mapping[bytes, bytes], credential: bytes | None) -> str | None:
        """The tenant of a call; None for an unknown key."""
        if not self._by_hash:
            return headers.get(b"x-quarterdeck-tenant", b"").decode("utf-8", "replace")[:200]
        given = headers.get(KEY_HEADER, credential)
        return None if given is None else self._by_hash.get(_hash(given))


def _hash(key: bytes) -> bytes:
    return sha256(key).digest()


def read_tenants(path: Path | None) -> Tenants:
    """From a JSON object {key: tenant}. Raises BadFile for anything else, without repeating its content."""
    if path is None:
        return Tenants()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(str(path), "cannot be read", mend="check gateway.tenant_keys_file") from error
    except ValueError as error:
        raise BadFile(str(path), "is not JSON", mend='write {"a key": "a tenant"}') from error
    right = (
        isinstance(found, dict) and found and all(isinstance(t, str) and t and len(k) >= 16 for k, t in found.items())
    )
    if not right:
        raise BadFile(
            str(path), "is not an object of keys (16 characters or more) and tenants", mend="see docs/how-to/gateway.md"
        )
    return Tenants(found)
