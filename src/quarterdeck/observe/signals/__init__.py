"""Signals: what of a run can get worse, and the patrol that says when it did."""
