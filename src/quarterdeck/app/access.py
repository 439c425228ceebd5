"""Who may send spans: keys where they are needed, the default project where they are not."""

from __future__ import annotations

from quarterdeck.errors import Unauthenticated
from quarterdeck.store.interface import KeyStore


class KeyAuthenticator:
    """Implements `observe.ingest.door.Authenticator` over the key store."""

    def __init__(self, keys: KeyStore, *, require_key: bool, default_project: str = "default") -> None:
        self._keys = keys
        self._require_key = require_key
        self._default_project = default_project

    def project_of(self, secret: str | None, remote: str) -> str:  # noqa: ARG002 - other rules will look at the address
        """See the protocol. A key that is given must be good even where none is needed."""
        if secret is None:
            if self._require_key:
                msg = "this server needs a key"
                raise Unauthenticated(
                    msg, mend="send `authorization: Bearer qd_…`; `quarterdeck keys create` makes one"
                )
            return self._default_project
        key = self._keys.find_key(secret)
        if key is None:
            msg = "the key is not known or was revoked"
            raise Unauthenticated(msg, mend="`quarterdeck keys list` shows which are in force")
        return key.project
