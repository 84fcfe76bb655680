"""Numbers and pure decisions of settlement."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from marketplace.certifications.states import Status as Standing
from marketplace.kit.money import allocate

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


class Kind(StrEnum):
    """What is earned: nights, what guests agreed to pay beside them, or what an early end leaves."""

    NIGHTS = "nights"
    ADJUSTMENT = "adjustment"
    KEPT = "kept"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Nights ``[first_on, end_on)`` of a stay that are earned together, what they cost, and from which day on."""

    name: str
    first_on: date
    end_on: date
    amount: int
    earned_on: date
    kind: Kind = Kind.NIGHTS


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid on top of the price that was booked: further nights, or an adjustment during ``[first_on, end_on)``."""

    kind: str
    number: int
    first_on: date
    end_on: date
    amount: int


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


def plan_of(*, check_in: date, check_out: date, total_amount: int, added: Sequence[Added] = ()) -> list[Period]:
    """Divide a stay with all that was added to it; the amounts sum to the total.

    Each extension is divided like a stay of its own, and an adjustment is earned with the arrival.
    """
    extensions = [one for one in added if one.kind == "extension"]
    booked_until = min((one.first_on for one in extensions), default=check_out)
    plan = periods(check_in, booked_until, total_amount - sum(one.amount for one in added))
    for one in added:
        name = f"{one.kind}-{one.number}"
        if one.kind == "extension":
            further = periods(one.first_on, one.end_on, one.amount)
            plan += [msgspec.structs.replace(period, name=f"{name}:{period.name}") for period in further]
        else:
            plan.append(
                Period(
                    name=name,
                    first_on=one.first_on,
                    end_on=one.end_on,
                    amount=one.amount,
                    earned_on=check_in,
                    kind=Kind.ADJUSTMENT,
                )
            )
    return plan


def outstanding(plan: Sequence[Period], earned: Mapping[str, int], *, credited_amount: int) -> list[Period]:
    """Return the periods that are still to be earned, by name and amount of those that were.

    What was credited out of held money is taken off the periods that come first.
    """
    left = credited_amount - sum(period.amount - earned[period.name] for period in plan if period.name in earned)
    found = []
    for period in plan:
        if period.name not in earned:
            off = min(max(left, 0), period.amount)
            left -= off
            found.append(msgspec.structs.replace(period, amount=period.amount - off))
    return found


def earned_by(plan: Sequence[Period], today: date) -> list[Period]:
    """Return the periods that have been earned on a day."""
    return [period for period in plan if period.earned_on <= today]


def cut(plan: Sequence[Period], from_on: date) -> list[Period]:
    """Return a plan without the nights from ``from_on`` on, by nights; what is left is earned as it was to be."""
    kept = []
    for period in plan:
        if period.end_on <= from_on or period.kind is not Kind.NIGHTS:
            kept.append(period)
        elif period.first_on < from_on:
            nights = [(from_on - period.first_on).days, (period.end_on - from_on).days]
            amount = allocate(period.amount, nights)[0]
            kept.append(msgspec.structs.replace(period, end_on=from_on, amount=amount))
    return kept


def unserved(*, first_on: date, end_on: date, from_on: date, amount: int) -> int:
    """Return how much of an amount is for nights from ``from_on`` on; never more than the amount, by nights."""
    nights = (end_on - first_on).days
    kept = min(max((from_on - first_on).days, 0), nights)
    return allocate(amount, [kept, nights - kept])[1]


def is_frozen(standing: Standing | None) -> bool:
    """Say whether money for an institution stays with us: while it is suspended, and once it is revoked."""
    return standing is None or standing in FROZEN


class InvoiceStatus(StrEnum):
    """Where an e-invoice (数电票) stands: the institution issues it with the tax authority, and writes its number here."""

    REQUESTED = "requested"
    ISSUED = "issued"
    REFUSED = "refused"
