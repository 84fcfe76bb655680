"""The nightly comparison of everything that is taken with everybody it is taken for."""

from datetime import datetime

import structlog

from marketplace.bookings import queries
from marketplace.inventory import operations as inventory
from marketplace.inventory import queries as counters
from marketplace.inventory.rules import Drift
from marketplace.tours import queries as tours

log = structlog.get_logger("inventory")

# A log that has thousands of lines of one fault hides the others.
_LOGGED_MAX = 50


async def verify_inventory(*, now: datetime) -> list[Drift]:
    """Recompute every counter from what is taken, and what is taken from bookings and blocks; returns what differs.

    Each drift is logged as an error, and their number is kept for monitoring. Nothing is repaired: a drift is a fault of
    ours, and whoever mends it must know which.
    """
    found = [*await counters.verify(), *await tours.verify_blocks(), *await queries.verify_allocations(now=now)]
    for drift in found[:_LOGGED_MAX]:
        log.error(
            "inventory drifts",
            room_type_id=str(drift.room_type_id),
            night=drift.night.isoformat(),
            fact=drift.fact,
            expected=drift.expected,
            found=drift.found,
        )
    await inventory.note_verification(drift_count=len(found), now=now)
    return found
