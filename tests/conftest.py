"""What holds for every test: no deadline on generated examples, since machines are shared and slow at times."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
