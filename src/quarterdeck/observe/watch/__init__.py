"""The watch: takes runs that are over through signals, alerts and notifiers, in the order of writing."""
