"""The numbers of payment and cancellation, each valid from a day on; a quote carries the version it was made under.

They are replaced by adding a row, never by editing one. Where a law sets a limit, the row may only be kinder.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

import msgspec

from marketplace.pricing.rules.prepaying import DEPOSIT_BPS_MAX, MONTHS_MAX
from marketplace.pricing.rules.records import CancellationPolicy, QuoteKind, Tier

# 法释〔2025〕4号 art. 14 (R17): the consumer's right, in days after payment.
COOLING_OFF_DAYS_MIN = 7


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds from ``effective_from`` on. Days are calendar days before check-in."""

    version: str
    effective_from: date
    quote_life: timedelta
    deposit_bps: int
    paid_in_full_days: int
    balance_due_days: int
    monthly_from_nights: int = 31
    month_due_days: int = 7
    prepaid_months_max: int = MONTHS_MAX
    service_fee_bps: int = 0
    cancellation: Mapping[QuoteKind, CancellationPolicy]

    def __post_init__(self) -> None:
        """Refuse a policy that takes more than the law allows, or a balance that is due before the deposit."""
        if not 0 < self.deposit_bps <= DEPOSIT_BPS_MAX:
            raise ValueError("a deposit is at most a fifth of the price")
        if self.balance_due_days > self.paid_in_full_days:
            raise ValueError("the balance must not be due before the booking can be made")
        if not 0 < self.prepaid_months_max <= MONTHS_MAX:
            raise ValueError("a fee is prepaid for a year at most")
        if any(policy.cooling_off_days < COOLING_OFF_DAYS_MIN for policy in self.cancellation.values()):
            raise ValueError("the law gives seven days")


POLICIES = (
    Policy(
        version="2026-1",
        effective_from=date.min,
        quote_life=timedelta(minutes=30),
        deposit_bps=2_000,
        paid_in_full_days=30,
        balance_due_days=30,
        cancellation=MappingProxyType(
            {
                # No statute sets these tiers. They never keep more than the 定金 that the law would let the host keep.
                QuoteKind.STAY: CancellationPolicy(
                    version="stay-2026-1",
                    cooling_off_days=7,
                    tiers=(
                        Tier(days_before=14, penalty_bps=0),
                        Tier(days_before=7, penalty_bps=1_000),
                        Tier(days_before=0, penalty_bps=2_000),
                    ),
                ),
                # The scale of the 2014 sample contract for package tours; 旅游法 63 and 65.
                QuoteKind.TOUR: CancellationPolicy(
                    version="tour-2026-1",
                    cooling_off_days=7,
                    tiers=(
                        Tier(days_before=7, penalty_bps=0),
                        Tier(days_before=4, penalty_bps=2_000),
                        Tier(days_before=1, penalty_bps=4_000),
                        Tier(days_before=0, penalty_bps=6_000),
                    ),
                ),
            }
        ),
    ),
)


def policy_on(day: date) -> Policy:
    """Return the policy in force on ``day``."""
    return max((policy for policy in POLICIES if policy.effective_from <= day), key=lambda found: found.effective_from)
