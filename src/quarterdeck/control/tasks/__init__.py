"""A task on its way: live re-estimates, advice, the hard stop, what children may spend, approvals."""
