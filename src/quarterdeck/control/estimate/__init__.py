"""What a task will take, before it starts: calibrated quantiles from history."""
