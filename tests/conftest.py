"""What holds for every test: no deadline on generated examples, since machines are shared and slow at times.

The same examples are drawn in every run, so that a change fails for what it changed. `make torture` draws others.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("torture", deadline=None, max_examples=1_000)
settings.load_profile("torture" if "QUARTERDECK_TORTURE" in os.environ else "house")
