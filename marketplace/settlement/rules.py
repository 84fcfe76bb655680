"""Numbers and pure decisions of settlement."""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from marketplace.certifications.states import Status as Standing
from marketplace.kit.money import allocate, share

INSTITUTION_PREFIX = "ins"

COMMISSION_BPS = 1_200
# Complaints of the first days come before the money has left.
TRANSFER_AFTER_DAYS = 3
# A longer stay is earned month by month, in arrears: that also caps what a revocation could lose.
WHOLE_AT_CHECK_IN_NIGHTS = 30
SERVICE_MONTH = timedelta(days=30)
# Money may be held for 90 days; people are told while there is time to act.
HOLD_ALARM = timedelta(days=80)
# Past this age the provider may have forgotten the key, so what it made is looked for first.
KEY_TRUST = timedelta(hours=23)

FROZEN = frozenset({Standing.SUSPENDED, Standing.REVOCATION_NOTICED, Standing.REVOKED})


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Nights ``[first_on, end_on)`` of a stay that are earned together, what they cost, and from which day on."""

    name: str
    first_on: date
    end_on: date
    amount: int
    earned_on: date


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an earning goes back: the whole, and the institution's part of it."""

    amount: int
    payable_amount: int


def periods(check_in: date, check_out: date, total_amount: int) -> list[Period]:
    """Divide a stay into what is earned together; the amounts sum to the total.

    A stay of up to 30 nights is earned whole at check-in; a longer one by months of 30 nights, each when it was served.
    """
    nights = (check_out - check_in).days
    if nights <= WHOLE_AT_CHECK_IN_NIGHTS:
        whole = Period(name="check_in", first_on=check_in, end_on=check_out, amount=total_amount, earned_on=check_in)
        return [whole]
    starts = [check_in + SERVICE_MONTH * number for number in range(-(-nights // SERVICE_MONTH.days))]
    ends = [*starts[1:], check_out]
    weights = [(end - start).days for start, end in zip(starts, ends, strict=True)]
    amounts = allocate(total_amount, weights)
    return [
        Period(name=start.isoformat(), first_on=start, end_on=end, amount=amount, earned_on=end)
        for start, end, amount in zip(starts, ends, amounts, strict=True)
    ]


def earned_by(plan: Sequence[Period], today: date) -> list[Period]:
    """Return the periods that have been earned on a day."""
    return [period for period in plan if period.earned_on <= today]


def cut(plan: Sequence[Period], from_on: date) -> list[Period]:
    """Return a plan without the nights from ``from_on`` on, by nights; what is left is earned as it was to be."""
    kept = []
    for period in plan:
        if period.end_on <= from_on:
            kept.append(period)
        elif period.first_on < from_on:
            nights = [(from_on - period.first_on).days, (period.end_on - from_on).days]
            amount = allocate(period.amount, nights)[0]
            kept.append(msgspec.structs.replace(period, end_on=from_on, amount=amount))
    return kept


def unserved(*, first_on: date, end_on: date, from_on: date, amount: int, commission_bps: int) -> Part:
    """Return what of an earning is for nights from ``from_on`` on; never more than the earning, by nights.

    Our commission goes back in the same proportion, so that nobody gains by days that were not served.
    """
    nights = (end_on - first_on).days
    kept = min(max((from_on - first_on).days, 0), nights)
    served_amount, back = allocate(amount, [kept, nights - kept])
    payable = amount - share(amount, commission_bps)
    served_payable = served_amount - share(served_amount, commission_bps)
    # Rounding may give either side a fen: neither part may exceed its whole.
    return Part(amount=back, payable_amount=min(max(payable - served_payable, 0), back))


def is_frozen(standing: Standing | None) -> bool:
    """Say whether money for an institution stays with us: while it is suspended, and once it is revoked."""
    return standing is None or standing in FROZEN
