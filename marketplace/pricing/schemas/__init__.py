"""Pricing on the wire."""

from marketplace.pricing.schemas.promotions import PromotionInput, PromotionView
from marketplace.pricing.schemas.quotes import LegView, LineView, QuoteView
from marketplace.pricing.schemas.rates import RatePlanInput, RatePlanView, RatesSet, SeasonsInput

__all__ = (
    "LegView",
    "LineView",
    "PromotionInput",
    "PromotionView",
    "QuoteView",
    "RatePlanInput",
    "RatePlanView",
    "RatesSet",
    "SeasonsInput",
)
