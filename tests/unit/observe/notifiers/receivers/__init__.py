"""Servers on this machine that speak what the real receivers speak, and refuse what they refuse."""
