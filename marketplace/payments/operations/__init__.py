"""What can be done with money. Lock order within payments: the booking's payments in id order, then a refund."""

from marketplace.payments.operations.balancing import match_balance
from marketplace.payments.operations.cancelling import cancel_at_provider, cancel_open_leg, cancel_open_payments
from marketplace.payments.operations.disputing import apply_dispute, apply_disputes, record_dispute
from marketplace.payments.operations.inbox import collect_missed_events, mark_applied, prune_events, receive
from marketplace.payments.operations.opening import open_payment
from marketplace.payments.operations.outcomes import fetch_outcome, record_outcome
from marketplace.payments.operations.refunding import apply_refund, request_interest, request_refund, submit_refund
from marketplace.payments.operations.returning import (
    approve_payment_by_hand,
    hand_over_refund,
    propose_payment_by_hand,
)
from marketplace.payments.operations.starting import start_payment
from marketplace.payments.operations.verifying import note_verification, verify_balance

__all__ = (
    "apply_dispute",
    "apply_disputes",
    "apply_refund",
    "approve_payment_by_hand",
    "cancel_at_provider",
    "cancel_open_leg",
    "cancel_open_payments",
    "collect_missed_events",
    "fetch_outcome",
    "hand_over_refund",
    "mark_applied",
    "match_balance",
    "note_verification",
    "open_payment",
    "propose_payment_by_hand",
    "prune_events",
    "receive",
    "record_dispute",
    "record_outcome",
    "request_interest",
    "request_refund",
    "start_payment",
    "submit_refund",
    "verify_balance",
)
