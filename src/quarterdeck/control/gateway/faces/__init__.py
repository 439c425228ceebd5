"""Faces: what a provider's own API looks like from outside. One file each, one pattern; siblings do not know each other.

To add one: copy the smallest neighbour and its test, add a line here.
"""

from __future__ import annotations

from quarterdeck.control.gateway.faces.anthropic import AnthropicFace
from quarterdeck.control.gateway.faces.face import Face
from quarterdeck.control.gateway.faces.openai import OpenAIFace

FACES: dict[bytes, Face] = {b"/" + face.name.encode(): face for face in (OpenAIFace(), AnthropicFace())}
"""By the first part of the path."""
