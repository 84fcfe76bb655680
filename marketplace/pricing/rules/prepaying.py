"""What the law lets anybody take before the service: how much, for how long, and into whose account (R14–R16)."""

from collections.abc import Sequence
from datetime import date

import msgspec

from marketplace.kit.money import BPS
from marketplace.pricing.errors import PrepaymentUnlawful
from marketplace.pricing.rules.records import Leg

# 民法典 586: a 定金 above a fifth of the contract's amount has no effect as such.
DEPOSIT_BPS_MAX = 2_000
# 2024 guidance on prepaid fees of institutions: a year at most, and 押金 of at most twelve months of the bed's fee.
MONTHS_MAX = 12
SECURITY_MONTHS_MAX = 12


class Security(msgspec.Struct, frozen=True, kw_only=True):
    """A 押金: held against damage, and given back. ``custody_account`` is the verified account it is kept in."""

    amount: int
    month_fee_amount: int
    custody_account: str | None


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of that month when it is shorter (民法典 202)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = date.fromordinal(first_of_next.toordinal() - 1).day
    return date(year, month + 1, min(day.day, last))


def ensure_lawful_schedule(
    schedule: Sequence[Leg], *, total: int, check_in: date, check_out: date, months_max: int = MONTHS_MAX
) -> None:
    """Refuse a schedule that takes too much as 定金 (R15), or a fee for more than ``months_max`` months ahead (R14).

    A leg that says no nights pays for the whole stay. Refuses: PrepaymentUnlawful.
    """
    deposit = sum(leg.amount for leg in schedule if leg.leg == "deposit")
    if deposit * BPS > total * DEPOSIT_BPS_MAX:
        raise PrepaymentUnlawful(rule="R15")
    for leg in schedule:
        first, end = leg.first_night or check_in, leg.end_on or check_out
        if leg.leg != "deposit" and end > months_later(first, min(months_max, MONTHS_MAX)):
            raise PrepaymentUnlawful(rule="R14")


def ensure_lawful_security(security: Security) -> None:
    """Refuse a 押金 of more than twelve months' bed fee (R15), or without a verified custody account (R16).

    Refuses: PrepaymentUnlawful.
    """
    if security.amount > security.month_fee_amount * SECURITY_MONTHS_MAX:
        raise PrepaymentUnlawful(rule="R15")
    if security.amount > 0 and not security.custody_account:
        raise PrepaymentUnlawful(rule="R16")
