"""Everything that changes a booking.

Locks are taken in one order everywhere: idempotency key → certification → departure → room type → quote → promotion →
holder → booking → payment or refund, where the holder is who may have only so many holds. An operation that starts from a
booking therefore reads it first without a lock, takes the locks above, and reads it again ``FOR UPDATE``.
"""

from marketplace.bookings.operations.adjusting import accept_charge, propose_adjustment, refuse_charge
from marketplace.bookings.operations.cancelling import cancel, cancel_by_system, quote_cancellation
from marketplace.bookings.operations.charging import lapse_charge
from marketplace.bookings.operations.chasing import chase
from marketplace.bookings.operations.defaulting import cancel_by_institution
from marketplace.bookings.operations.displacing import approve_revocation, end_withdrawn, settle_displaced
from marketplace.bookings.operations.expiring import expire, expire_lapsed, extend_hold
from marketplace.bookings.operations.extending import extend_stay, quote_extension
from marketplace.bookings.operations.finishing import cancel_departure, catch_up, close_payment, reconcile
from marketplace.bookings.operations.freeing import (
    limit_free_cancellations,
    offer_free_cancellations,
    offer_missed_free_cancellations,
)
from marketplace.bookings.operations.paying import pay, pay_by_link
from marketplace.bookings.operations.placing import place, quote, requote
from marketplace.bookings.operations.rooming import assign_rooms
from marketplace.bookings.operations.settling import apply_payment, apply_provider_event
from marketplace.bookings.operations.staying import acknowledge, check_in, check_out
from marketplace.bookings.operations.verifying import verify_inventory, verify_money

__all__ = (
    "accept_charge",
    "acknowledge",
    "apply_payment",
    "apply_provider_event",
    "approve_revocation",
    "assign_rooms",
    "cancel",
    "cancel_by_institution",
    "cancel_by_system",
    "cancel_departure",
    "catch_up",
    "chase",
    "check_in",
    "check_out",
    "close_payment",
    "end_withdrawn",
    "expire",
    "expire_lapsed",
    "extend_hold",
    "extend_stay",
    "lapse_charge",
    "limit_free_cancellations",
    "offer_free_cancellations",
    "offer_missed_free_cancellations",
    "pay",
    "pay_by_link",
    "place",
    "propose_adjustment",
    "quote",
    "quote_cancellation",
    "quote_extension",
    "reconcile",
    "refuse_charge",
    "requote",
    "settle_displaced",
    "verify_inventory",
    "verify_money",
)
