"""Which journal each business fact makes. Pure; amounts are minor units, debit positive, credit negative.

Each function returns one journal that sums to zero, named so that the same fact is posted once: by our own ids where we
did it, by the provider's where it did.
"""

from marketplace.ledger.rules.customers import (
    capture,
    dispute_lost,
    dispute_reinstated,
    dispute_withdrawn,
    goodwill,
    interest_owed,
    refund_failed,
    refund_paid_by_hand,
    refund_requested,
    refund_taken,
)
from marketplace.ledger.rules.institutions import earn, netting, reversal, shortfall, split, transfer, unearn
from marketplace.ledger.rules.platform import converted, explained, fee, payout, unmatched
from marketplace.ledger.rules.records import Account, Entry, Finding, Journal, Whose, sums
from marketplace.ledger.rules.shares import NOBODY, Shares, shares_of, spread_shares, taken_back

__all__ = (
    "NOBODY",
    "Account",
    "Entry",
    "Finding",
    "Journal",
    "Shares",
    "Whose",
    "capture",
    "converted",
    "dispute_lost",
    "dispute_reinstated",
    "dispute_withdrawn",
    "earn",
    "explained",
    "fee",
    "goodwill",
    "interest_owed",
    "netting",
    "payout",
    "refund_failed",
    "refund_paid_by_hand",
    "refund_requested",
    "refund_taken",
    "reversal",
    "shares_of",
    "shortfall",
    "split",
    "spread_shares",
    "sums",
    "taken_back",
    "transfer",
    "unearn",
    "unmatched",
)
