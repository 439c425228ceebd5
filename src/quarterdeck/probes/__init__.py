"""Probes: a failing input is run again on candidate and baseline, in pairs, until it is a regression or a wobble.

pairs (the decision) → run (pair after pair) → desk (the server's thread); targets and checks are one kind, one file.
"""
