"""What may not be kept: redaction at the door, content capture, keyed hashes for users, and refusal of what was erased.

`Door` is what the pipeline calls; the rest is pure. Stands beside `canonical` and does not know it.
"""

from quarterdeck.observe.privacy.door import ContentKeys, Door
from quarterdeck.observe.privacy.options import PrivacyOptions

__all__ = ["ContentKeys", "Door", "PrivacyOptions"]
