"""May it start now: a token ledger in front of a provider, with order among those who wait.

reserve → dispatch → observe → settle | refund | expire. `Gate` decides for one account and is pure; `Admission` gives it
threads, event loops and a clock. See docs/design/admission.md.
"""

from quarterdeck.control.admit.admission import Admission
from quarterdeck.control.admit.ask import Ask, Decision, Granted, Queued, Refused
from quarterdeck.control.admit.charge import Charge, Limits
from quarterdeck.control.admit.feedback import Feedback, Window
from quarterdeck.control.admit.gate import Gate
from quarterdeck.control.admit.ledger import Ledger
from quarterdeck.control.admit.meters import METERS, find_meter
from quarterdeck.control.admit.need import Need, Usage
from quarterdeck.control.admit.policy import Policy, Price
from quarterdeck.control.admit.reservation import Reservation
from quarterdeck.control.admit.retries import RetryAdvice
from quarterdeck.control.admit.status import AccountStatus

__all__ = [
    "METERS",
    "AccountStatus",
    "Admission",
    "Ask",
    "Charge",
    "Decision",
    "Feedback",
    "Gate",
    "Granted",
    "Ledger",
    "Limits",
    "Need",
    "Policy",
    "Price",
    "Queued",
    "Refused",
    "Reservation",
    "RetryAdvice",
    "Usage",
    "Window",
    "find_meter",
]
