"""Composition root of the server: the one place that names the engines and joins the rooms.

`serve` runs until it is told to stop, `serve_gateway` too with a gateway alone; `open_keys` opens the operational state alone (for `quarterdeck keys`).
"""

from quarterdeck.app.gateway import serve_gateway
from quarterdeck.app.server import open_keys, serve

__all__ = ["open_keys", "serve", "serve_gateway"]
