"""Alerts: findings in, alerts out; one cause, one alert, its states."""

from quarterdeck.observe.alerts.book import REASON_MAX, Book, Change
from quarterdeck.observe.alerts.options import AlertOptions

__all__ = ["REASON_MAX", "AlertOptions", "Book", "Change"]
