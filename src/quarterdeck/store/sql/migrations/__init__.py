"""Alembic's folder: `env.py` runs what stands in `versions`, one file per change, never edited after a release."""
