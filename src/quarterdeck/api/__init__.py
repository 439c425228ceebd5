"""The HTTP API and the page: documents of docs/design/api.md, made from a store, over FastAPI.

Refuses: decisions (they are made in observe) and storage (it speaks only the protocols of store.interface).
"""

from quarterdeck.api.app import create_api
from quarterdeck.api.options import ApiOptions
from quarterdeck.api.services import ApiServices

__all__ = ["ApiOptions", "ApiServices", "create_api"]
