"""Notifiers: ways to tell people, one file each."""
