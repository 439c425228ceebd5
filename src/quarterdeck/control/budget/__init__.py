"""What goes into the context window, what is left out, and why."""
