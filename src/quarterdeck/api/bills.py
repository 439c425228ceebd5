"""A provider's bill against the store: reads what the comparison needs. Refuses: to decide; that is `observe.doctor.billing`."""

from __future__ import annotations

from quarterdeck.api.services import ApiServices
from quarterdeck.observe.doctor.bill_file import read_bill
from quarterdeck.observe.doctor.billing import Reconciliation, reconcile
from quarterdeck.store.interface import RunFilter


def compare(services: ApiServices, project: str, text: str) -> Reconciliation:
    """The bill (CSV) by period and model. Raises BadFile for what is no bill."""
    bill = read_bill(text, "bill")
    store, width = services.store, bill.width_ns
    since, until = bill.first_ns // width * width, bill.last_ns // width * width + width
    oldest = store.list_runs(RunFilter(project), sort="-started_at", cursor=None, limit=1).items
    return reconcile(
        bill,
        store.hourly_calls(project, since, until),
        now_ns=services.clock.now_ns(),
        first_span_ns=oldest[0].started_at_ns if oldest else None,
        known_ids=len(store.known_responses(project, bill.response_ids)) if bill.response_ids else 0,
    )
