"""What was promised of each run: learns from runs in the store, and writes each new run's estimate once."""
