"""A load of model calls on a virtual clock: trace, agents, a client's policy, a provider, and what came of it.

trace → bench (agents take jobs) → client (a policy: a peer's, or ours through `light.trial`) → provider model → report.
Refuses: wall time; a run is the same for the same seed.
"""
