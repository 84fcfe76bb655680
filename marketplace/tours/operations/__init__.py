"""Writes of tours.

A departure's row is locked by whoever seats a party, gives its places back, or decides its formation. In the global lock
order (idempotency key → certification → departure → room type → quote → booking → payment) it comes after the
certifications of its institutions, which are locked in the order of the institutions' ids.
"""

from marketplace.tours.operations.forming import decide_due, decide_formation, depart_due
from marketplace.tours.operations.publishing import open_departure, publish_tour
from marketplace.tours.operations.seating import extend_seat, keep_seat, quote_departure, seat, unseat

__all__ = (
    "decide_due",
    "decide_formation",
    "depart_due",
    "extend_seat",
    "keep_seat",
    "open_departure",
    "publish_tour",
    "quote_departure",
    "seat",
    "unseat",
)
