"""What cancelling gives back, in fen: the seven days (R17), the tiers of the contract, and what was used (R18)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from marketplace.kit.clock import local_date, local_midnight
from marketplace.kit.money import allocate, share
from marketplace.pricing.rules.records import CancellationPolicy, Line, Tier

_ONE_DAY = timedelta(days=1)


class Cause(StrEnum):
    """Whose cause it is that the contract ends early."""

    CONSUMER = "consumer"
    TRADER = "trader"


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What was served: at the prices before discounts, and at the prices of the contract."""

    list_amount: int = 0
    price_amount: int = 0

    def __post_init__(self) -> None:
        """Refuse prices that a discount has raised."""
        if not 0 <= self.price_amount <= self.list_amount:
            raise ValueError("what was used costs no more with discounts than without")


NOTHING_USED = Used()


def used_by(lines: Sequence[Line], *, check_in: date, check_out: date, left_on: date) -> Used:
    """Return what the nights from check-in until ``left_on`` cost, by the lines of the price.

    Nights have the price of their own line, supplements the same each night. Discounts are spread over what they were
    taken off, in proportion.
    """
    night_count = (check_out - check_in).days
    served = min(max((left_on - check_in).days, 0), night_count)
    before = sum(line.amount for line in lines if line.amount > 0)
    listed = sum(_served(line, left_on=left_on, served=served, night_count=night_count) for line in lines)
    total = sum(line.amount for line in lines)
    if listed == 0 or before == 0:
        return NOTHING_USED
    return Used(list_amount=listed, price_amount=allocate(total, [listed, before - listed])[0])


def _served(line: Line, *, left_on: date, served: int, night_count: int) -> int:
    if line.amount <= 0:
        return 0
    if line.first_night is not None and line.end_on is not None:
        nights = (line.end_on - line.first_night).days
        return line.amount * min(max((left_on - line.first_night).days, 0), nights) // nights
    return line.amount * served // night_count


def cooling_off_ends(policy: CancellationPolicy, first_paid_at: datetime) -> datetime:
    """Return the end of the days of R17: the day of payment is not counted, the last day is whole (民法典 201–203)."""
    return local_midnight(local_date(first_paid_at) + timedelta(days=policy.cooling_off_days) + _ONE_DAY)


def refund_due(  # noqa: PLR0913 - what a refund depends on, each fact named.
    policy: CancellationPolicy,
    *,
    paid_amount: int,
    total_amount: int,
    first_paid_at: datetime | None,
    check_in: date,
    now: datetime,
    used: Used = NOTHING_USED,
    service_begun: bool = False,
    cause: Cause = Cause.CONSUMER,
) -> int:
    """Return what the consumer gets back of the principal on ending the contract at ``now``, in fen.

    Everything while R17 lasts: within its days after the first payment, and the service has never begun
    (法释〔2025〕4号 art. 14). For the trader's cause, what was paid minus what was used at the contract's prices, whatever
    the tiers say (art. 18). For the consumer's, minus what was used at the prices before discounts (art. 19–20) and minus
    the tier's share of what was not used. Never below nothing: more than the prepayment is never charged.
    With the other facts fixed it never rises as ``now`` passes, as the service begins or as more is used.
    """
    if cause is Cause.TRADER:
        return max(0, paid_amount - used.price_amount)
    begun = service_begun or used.list_amount > 0
    if first_paid_at is not None and not begun and now < cooling_off_ends(policy, first_paid_at):
        return paid_amount
    unused = max(0, total_amount - used.price_amount)
    penalty = share(unused, tier_at(policy, check_in=check_in, now=now).penalty_bps)
    return max(0, paid_amount - used.list_amount - penalty)


def tier_at(policy: CancellationPolicy, *, check_in: date, now: datetime) -> Tier:
    """Return the tier that holds at ``now``."""
    days = (check_in - local_date(now)).days
    return next((tier for tier in policy.tiers if days >= tier.days_before), policy.tiers[-1])
