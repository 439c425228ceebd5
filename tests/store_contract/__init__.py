"""One behaviour suite, every engine."""
