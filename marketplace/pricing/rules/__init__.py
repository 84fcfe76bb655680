"""Prices, payment schedules and refunds as pure rules."""

from marketplace.pricing.rules.charges import ORDER, ROOM, Charge, charges, stay_total
from marketplace.pricing.rules.interest import RATES, Rate, interest_due, rate_on
from marketplace.pricing.rules.nights import PricedNight, by_night
from marketplace.pricing.rules.owning import ensure_own
from marketplace.pricing.rules.parties import check_offered, check_party, party_in, single_use_count
from marketplace.pricing.rules.payment import cancellation_timeline, schedule
from marketplace.pricing.rules.plans import (
    CARE_LEVELS,
    DISCOUNT_BPS_MAX,
    NO_PLAN,
    Discount,
    EarlyBooking,
    MealPlan,
    Party,
    Promotion,
    RatePlan,
    Supplements,
    Terms,
)
from marketplace.pricing.rules.policies import POLICIES, Policy, policy_on
from marketplace.pricing.rules.prepaying import (
    Security,
    ensure_lawful_schedule,
    ensure_lawful_security,
    months_later,
)
from marketplace.pricing.rules.promotions import check_promotion, ensure_promotion, normal
from marketplace.pricing.rules.quotes import ensure_usable
from marketplace.pricing.rules.rates import WEEKDAYS, Season, check_plan, check_seasons, nightly_prices
from marketplace.pricing.rules.records import (
    CancellationPolicy,
    CancellationStep,
    Leg,
    LegName,
    Line,
    Quote,
    QuoteKind,
    Tier,
)
from marketplace.pricing.rules.refunds import (
    NOTHING_USED,
    Cause,
    Used,
    cooling_off_ends,
    refund_due,
    used_by,
)
from marketplace.pricing.rules.stays import (
    CURRENCY,
    adjustments,
    check_dates,
    price_stay,
    room_amount,
    struck_through,
    total_of,
)

__all__ = (
    "CARE_LEVELS",
    "CURRENCY",
    "DISCOUNT_BPS_MAX",
    "NOTHING_USED",
    "NO_PLAN",
    "ORDER",
    "POLICIES",
    "RATES",
    "ROOM",
    "WEEKDAYS",
    "CancellationPolicy",
    "CancellationStep",
    "Cause",
    "Charge",
    "Discount",
    "EarlyBooking",
    "Leg",
    "LegName",
    "Line",
    "MealPlan",
    "Party",
    "Policy",
    "PricedNight",
    "Promotion",
    "Quote",
    "QuoteKind",
    "Rate",
    "RatePlan",
    "Season",
    "Security",
    "Supplements",
    "Terms",
    "Tier",
    "Used",
    "adjustments",
    "by_night",
    "cancellation_timeline",
    "charges",
    "check_dates",
    "check_offered",
    "check_party",
    "check_plan",
    "check_promotion",
    "check_seasons",
    "cooling_off_ends",
    "ensure_lawful_schedule",
    "ensure_lawful_security",
    "ensure_own",
    "ensure_promotion",
    "ensure_usable",
    "interest_due",
    "months_later",
    "nightly_prices",
    "normal",
    "party_in",
    "policy_on",
    "price_stay",
    "rate_on",
    "refund_due",
    "room_amount",
    "schedule",
    "single_use_count",
    "stay_total",
    "struck_through",
    "total_of",
    "used_by",
)
