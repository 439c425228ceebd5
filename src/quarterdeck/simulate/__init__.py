"""Things that are made up or sent again: recorded histories, a simulated provider, a simulated fleet.

Used by `demo`, `replay`, tests and benchmarks. Refuses to know the server: everything leaves here over real HTTP.
"""
