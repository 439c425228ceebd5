"""On call: whether an alert pages, with what it may be closed, and whether a dismissal still holds. Decisions only."""

from quarterdeck.observe.oncall.options import OncallOptions

__all__ = ["OncallOptions"]
