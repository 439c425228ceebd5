"""Recorded runs shown again to a policy that decides what goes into the window: what it would cost, and what it would lose."""
