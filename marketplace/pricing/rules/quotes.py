"""Whether a quote may still become a booking."""

from datetime import datetime

from marketplace.pricing.errors import QuoteExpired, QuoteUsed
from marketplace.pricing.rules.records import Quote


def ensure_usable(quote: Quote, *, now: datetime) -> None:
    """Refuse a quote that was used, withdrawn or has run out. Refuses: QuoteUsed, QuoteExpired."""
    if quote.used_by_booking_id is not None:
        raise QuoteUsed
    if quote.voided_at is not None or quote.expires_at <= now:
        raise QuoteExpired
