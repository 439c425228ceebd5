"""Content hashes: prompts, tool sets, tool arguments and results, users.

Equal content gives an equal hash whatever the producer's spelling of the envelope. The first 16 hexadecimal digits of
XXH3-128 identify; they prove nothing against an attacker. Users are hashed with BLAKE2b under a key, so that no id can
be guessed back. Caches are bounded; one instance belongs to one thread.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import orjson
import xxhash

from quarterdeck.observe.canonical.stable_text import stable
from quarterdeck.observe.canonical.values import Reader, decode_json, decode_twice

HASH_CHARS = 16

CACHE_MAX = 2_048
"""Entries of one cache; a full one is cleared."""

CACHED_TEXT_MAX = 32_768
"""Characters of a text that may stay in a cache (2,048 of them: at most 64 MB)."""

FIRST_MESSAGE_MAX = 262_144
"""Characters of a message list that are searched for a system message."""

OPENING_KEY = 48
"""Characters under which a beginning is remembered; shorter ones are parsed each time."""

PARTS_MAX = 256
"""Parts of system instructions, or tools of a set, that are read."""

_KEYED_HASH = re.compile(r"<hash:([0-9a-f]{16})>")

_scan = json.JSONDecoder().raw_decode


def content_hash(value: Any) -> str | None:
    """Hash of any payload: text as it is, structures with sorted keys; None when it cannot be written down."""
    if isinstance(value, str):
        return _text_hash(value)
    if isinstance(value, bytes):
        return str(xxhash.xxh3_128_hexdigest(value))[:HASH_CHARS]
    packed = _packed(value)
    return None if packed is None else str(xxhash.xxh3_128_hexdigest(packed))[:HASH_CHARS]


def _text_hash(value: str) -> str:
    try:
        raw = value.encode()
    except UnicodeEncodeError:
        raw = value.encode("utf-8", "surrogatepass")
    digest: str = xxhash.xxh3_128_hexdigest(raw)
    return digest[:HASH_CHARS]


def _packed(value: Any) -> bytes | None:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, ValueError, RecursionError):
        return None  # too deep, a lone surrogate, an integer over 64 bits


def system_text(value: Any) -> str | None:
    """The text of system instructions: plain, JSON text or parts; white space at the ends does not count."""
    decoded = decode_json(value) if _looks_structured(value) else None
    return _joined_parts(value if decoded is None else decoded, 0)


def _looks_structured(value: Any) -> bool:
    return isinstance(value, str) and value[:1] in ("[", "{")


def _joined_parts(value: Any, depth: int) -> str | None:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip() or None
    if depth > 4:
        return None
    if isinstance(value, dict):
        for key in ("content", "text", "parts"):
            if key in value:
                return _joined_parts(value[key], depth + 1)
        return None
    if isinstance(value, list):
        parts = [part for part in (_joined_parts(item, depth + 1) for item in value[:PARTS_MAX]) if part]
        return "\n".join(parts) or None
    return None


def system_of_messages(value: Any) -> tuple[str | None, int]:
    """(text of a leading system message, where it ends) in a list of messages; of JSON text only the start is parsed.

    The end is an offset into JSON text, 0 when `value` is none: whatever begins with the same characters up to there
    has the same system message.
    """
    first, end = _first_message(value)
    if isinstance(first, dict) and first.get("role") in ("system", "developer"):
        return _joined_parts(first, 0), end
    return None, end


def _first_message(value: Any) -> tuple[Any, int]:
    if isinstance(value, str):
        at = value.find("{", 0, 64)
        if at < 0 or value[:at].strip() != "[":
            return None, 0
        try:
            return _scan(value[:FIRST_MESSAGE_MAX], at)
        except (ValueError, RecursionError):
            return None, 0
    if isinstance(value, list) and value:
        return value[0], 0
    return None, 0


def _tool_texts(value: Any) -> list[bytes]:
    """One canonical text per tool: JSON text is decoded, keys sorted, absent fields left out."""
    decoded = decode_twice(value)
    if decoded is None:
        return []
    listed = decoded if isinstance(decoded, list) else [decoded]
    packed = (_packed(_without_nothing(decode_json(item) or item)) for item in listed[:PARTS_MAX])
    return [item for item in packed if item]


def _without_nothing(tool: Any) -> Any:
    if isinstance(tool, dict):
        return {key: value for key, value in tool.items() if value is not None}
    return tool


class Hasher:
    """Hashes with memory for what comes again and again: system prompts, tool sets, users."""

    def __init__(self, user_hash_key: bytes) -> None:
        self._user_key = hashlib.blake2b(user_hash_key, digest_size=32).digest()
        self._users: dict[str, str] = {}
        self._systems: dict[str, str | None] = {}
        self._prompts: dict[tuple[str | None, str | None], str] = {}
        self._toolsets: dict[str, str | None] = {}
        self._openings: dict[str, tuple[str, str | None]] = {}

    def user(self, user_id: str) -> str:
        """Keyed hash of a user id, 16 hexadecimal digits; an id that is such a hash already (`<hash:…>`) stands for it."""
        found = self._users.get(user_id)
        if found is None:
            found = _hashed_already(user_id) or self._keyed(user_id)
            _remember(self._users, user_id, found)
        return found

    def _keyed(self, user_id: str) -> str:
        raw = user_id.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(raw, digest_size=8, key=self._user_key).hexdigest()

    def prompt(self, system: str | None, toolset: str | None) -> str | None:
        """Hash of system instructions (without dates, times, ids) and tool set; None when there is neither."""
        if system is None:
            return None if toolset is None else self.prompt("", toolset)
        key = (system, toolset)
        found = self._prompts.get(key)
        if found is None:
            found = _text_hash(f"{stable(system)}\0{toolset or ''}")
            if len(system) <= CACHED_TEXT_MAX:
                _remember(self._prompts, key, found)
        return found

    def system(self, value: Any) -> str | None:
        """The normalised text of system instructions."""
        if isinstance(value, str) and len(value) <= CACHED_TEXT_MAX:
            if value in self._systems:
                return self._systems[value]
            found = system_text(value)
            _remember(self._systems, value, found)
            return found
        return system_text(value)

    def opening(self, value: Any) -> str | None:
        """The text of the system message that a list of messages begins with.

        Agents resend the same beginning with every call, so JSON text that starts like one seen before is not parsed.
        """
        if not isinstance(value, str):
            return system_of_messages(value)[0]
        start = value[:OPENING_KEY]
        if '"role":"user"' in start or '"role": "user"' in start:
            return None
        known = self._openings.get(start)
        if known is not None and value.startswith(known[0]):
            return known[1]
        found, end = system_of_messages(value)
        if OPENING_KEY <= end <= CACHED_TEXT_MAX:
            _remember(self._openings, start, (value[:end], found))
        return found

    def toolset(self, raw: Any, read: Reader) -> str | None:
        """Hash of the tool definitions that `read` finds in `raw`, whatever their order; None when there are none."""
        if not isinstance(raw, str):
            return _toolset_hash(read(raw))
        if raw in self._toolsets:
            return self._toolsets[raw]
        found = _toolset_hash(read(raw))
        if len(raw) <= CACHED_TEXT_MAX:
            _remember(self._toolsets, raw, found)
        return found


def _hashed_already(user_id: str) -> str | None:
    """The hash in `<hash:…>`, as the door leaves it in raw attributes, so that a span mapped again keeps its user."""
    found = _KEYED_HASH.fullmatch(user_id)
    return found[1] if found else None


def _toolset_hash(value: Any) -> str | None:
    texts = sorted(_tool_texts(value))
    return str(xxhash.xxh3_128_hexdigest(b"\n".join(texts)))[:HASH_CHARS] if texts else None


def _remember(cache: dict[Any, Any], key: Any, value: Any) -> None:
    if len(cache) >= CACHE_MAX:
        cache.clear()
    cache[key] = value
