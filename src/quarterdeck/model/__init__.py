"""The nouns: frozen, without I/O. What passes between rooms is one of these."""
