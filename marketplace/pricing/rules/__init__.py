"""Prices, payment schedules and refunds as pure rules."""

from marketplace.pricing.rules.payment import cancellation_timeline, cooling_off_ends, refund_due, schedule
from marketplace.pricing.rules.policies import POLICIES, Policy, policy_on
from marketplace.pricing.rules.quotes import ensure_usable
from marketplace.pricing.rules.records import (
    CancellationPolicy,
    CancellationStep,
    Discount,
    Leg,
    Line,
    Quote,
    QuoteKind,
    Tier,
)
from marketplace.pricing.rules.stays import CURRENCY, check_dates, check_party, length_of_stay, price_stay, total_of

__all__ = (
    "CURRENCY",
    "POLICIES",
    "CancellationPolicy",
    "CancellationStep",
    "Discount",
    "Leg",
    "Line",
    "Policy",
    "Quote",
    "QuoteKind",
    "Tier",
    "cancellation_timeline",
    "check_dates",
    "check_party",
    "cooling_off_ends",
    "ensure_usable",
    "length_of_stay",
    "policy_on",
    "price_stay",
    "refund_due",
    "schedule",
    "total_of",
)
