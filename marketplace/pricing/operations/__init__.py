"""Writes of pricing: making an offer, letting a booking use it, withdrawing it, and what offers are made of.

In the global lock order (idempotency key → certification → departure → room type → quote → promotion → booking →
payment) a quote comes after the room types, a use of a promotion after the quote, and both before the booking.
"""

from marketplace.pricing.operations.dealing import record_deal
from marketplace.pricing.operations.promoting import (
    create_promotion,
    end_promotion,
    extend_promotion,
    give_back_promotion,
    keep_promotion,
)
from marketplace.pricing.operations.quoting import claim, issue, quote_stay, void_open
from marketplace.pricing.operations.rating import set_rate_plan, set_season_rates

__all__ = (
    "claim",
    "create_promotion",
    "end_promotion",
    "extend_promotion",
    "give_back_promotion",
    "issue",
    "keep_promotion",
    "quote_stay",
    "record_deal",
    "set_rate_plan",
    "set_season_rates",
    "void_open",
)
