"""Reads of pricing."""

from marketplace.pricing.queries.plans import plan_of, plans, terms
from marketplace.pricing.queries.promotions import promotion, promotions_of
from marketplace.pricing.queries.quotes import COLUMNS, OWN, quote, read

__all__ = ("COLUMNS", "OWN", "plan_of", "plans", "promotion", "promotions_of", "quote", "read", "terms")
