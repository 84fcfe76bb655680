"""The nightly comparisons: what is taken with everybody it is taken for, and our books with the provider's."""

from datetime import datetime

import structlog

from marketplace.bookings import queries
from marketplace.inventory import operations as inventory
from marketplace.inventory import queries as counters
from marketplace.inventory.rules import Drift, stretches
from marketplace.kit.db import fetch
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import Finding
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.tours import queries as tours

log = structlog.get_logger("inventory")
money_log = structlog.get_logger("ledger")

# A log that has thousands of lines of one fault hides the others.
_LOGGED_MAX = 50


async def verify_inventory(*, now: datetime) -> list[Drift]:
    """Recompute every counter from what is taken, and what is taken from bookings and blocks; returns what differs.

    Each drift is logged as an error, and their number is kept for monitoring. Nothing is repaired: a drift is a fault of
    ours, and whoever mends it must know which.
    """
    found = [*await counters.verify(), *await tours.verify_blocks(), *await queries.verify_allocations(now=now)]
    for drift, last_night in stretches(found)[:_LOGGED_MAX]:
        log.error(
            "inventory drifts",
            room_type_id=str(drift.room_type_id),
            night=drift.night.isoformat(),
            last_night=last_night.isoformat(),
            fact=drift.fact,
            expected=drift.expected,
            found=drift.found,
        )
    await inventory.note_verification(drift_count=len(found), now=now)
    return found


async def verify_money(*, now: datetime) -> list[Finding]:
    """Prove the books: they sum to zero, every capture has a booking or a refund, and the provider holds what we say.

    Each finding is logged as an error, and their number is kept for monitoring. Nothing is repaired.
    Refuses: ProviderUnavailable.
    """
    found = [
        *await ledger.verify(),
        *await payment_queries.verify(),
        *[Finding(**dict(row)) for row in await fetch(_CAPTURES)],
        *await payments.verify_balance(now=now),
    ]
    for finding in found[:_LOGGED_MAX]:
        money_log.error(
            "the books do not agree",
            check=finding.check,
            subject=finding.subject,
            expected=finding.expected,
            found=finding.found,
        )
    await payments.note_verification(finding_count=len(found), now=now)
    return found


# Money that came in pays for a booking or goes back whole: when its leg had been paid, or it came too late.
_CAPTURES = """
WITH captures AS (
    SELECT p.id, p.booking_id, p.captured_amount, b.first_paid_at IS NOT NULL AND NOT p.surplus AS serves,
           coalesce(sum(r.amount), 0)::bigint AS refunded,
           coalesce(bool_or(r.reason IN ('late_payment', 'surplus_payment')), false) AS sent_back
      FROM payments p LEFT JOIN bookings b ON b.id = p.booking_id LEFT JOIN refunds r ON r.payment_id = p.id
            AND r.reason <> 'interest'
     WHERE p.status = 'succeeded' GROUP BY p.id, b.id
)
SELECT 'capture_has_booking_or_refund' AS check, id::text AS subject, captured_amount AS expected, refunded AS found
  FROM captures WHERE (NOT serves OR sent_back) AND refunded <> captured_amount
UNION ALL
SELECT 'booking_is_paid_by_captures', b.id::text, b.paid_amount, coalesce(c.amount, 0)
  FROM bookings b
  LEFT JOIN (SELECT booking_id, sum(captured_amount)::bigint AS amount FROM captures
              WHERE serves AND NOT sent_back GROUP BY booking_id) c ON c.booking_id = b.id
 WHERE b.paid_amount <> coalesce(c.amount, 0)
 ORDER BY 1, 2
"""
