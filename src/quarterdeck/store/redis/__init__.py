"""Redis or Valkey as the place where several processes share one account. Refuses: being needed by anything else."""
