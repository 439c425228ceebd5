"""Where a probe runs its input: one file for each kind, each with `ask(case)`; options beside it.

Refuses: a shell, a redirect, and to tell a secret.
"""
