"""Reads of payments and refunds, and the proof that they are what the ledger says."""

from marketplace.payments.queries.reading import (
    STALE_AFTER,
    Captured,
    PaymentRow,
    RefundRow,
    captured_payments,
    payment,
    payment_of,
    payments_of,
    refund,
    refund_of,
    refunds_of,
    resolve,
    stale_payments,
    stale_refunds,
    unapplied,
)
from marketplace.payments.queries.verifying import (
    Verification,
    balance_expected,
    last_verification,
    verify,
    verify_provider,
)

__all__ = (
    "STALE_AFTER",
    "Captured",
    "PaymentRow",
    "RefundRow",
    "Verification",
    "balance_expected",
    "captured_payments",
    "last_verification",
    "payment",
    "payment_of",
    "payments_of",
    "refund",
    "refund_of",
    "refunds_of",
    "resolve",
    "stale_payments",
    "stale_refunds",
    "unapplied",
    "verify",
    "verify_provider",
)
