"""A key by the name of what holds it. Refuses: to say the key, in any message."""

from __future__ import annotations

import os
from pathlib import Path

from quarterdeck.errors import BadSetting


def key_of(key_env: str | None, key_file: str | None) -> str | None:
    """None where no key is named. Raises BadSetting where what is named holds none."""
    if key_env is not None:
        found = os.environ.get(key_env, "").strip()
        if not found:
            raise BadSetting(f"probes.targets: the environment variable {key_env} holds no key")
        return found
    if key_file is None:
        return None
    try:
        found = Path(key_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"probes.targets: {key_file} cannot be read as a file that holds a key") from error
    if not found or any(character.isspace() for character in found):
        raise BadSetting(f"probes.targets: {key_file} holds no key", mend="write the key alone, on one line")
    return found
