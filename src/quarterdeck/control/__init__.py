"""The way of a task: may it start now, and with how much. Doors and decisions around calls to a provider.

Refuses: knowing what was observed. Everything here works while observation is down.
"""
