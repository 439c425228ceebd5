"""From bytes to runs: a room per stage, and the pipeline above them. Refuses: to know the API or an engine."""
