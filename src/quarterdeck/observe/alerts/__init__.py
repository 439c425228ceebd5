"""Alerts: what somebody should look at, one for each cause, and what became of it."""
