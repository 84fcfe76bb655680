"""How much a stay costs, in the one published order. Amounts are fen.

Each discount is taken off what the steps before it left, so their order matters and nobody can combine them otherwise:

1. ``nights``: the price of each night times the units. Season and weekday are in the price of the night itself, so what
   the availability shows is what a night costs.
2. ``single_use_discount``: off the nights of units for two or more that one guest has alone.
3. ``length_of_stay_discount``: of the thresholds that the stay reaches, the longest.
4. ``early_booking_discount``: of the thresholds that the day of asking reaches, the earliest.
5. ``promotion``: one code at most, on top of 3 and 4. No discount takes the last fen of the room.
6. ``companion_beds``, ``meals``, ``care``: per night, only as chosen, never discounted, the same at every age (R10, R11).
7. ``service_fee``: a share of all before it; the policy in force has none.

The total is the sum of the lines. Tax is in every price, and there is nothing else to pay (明码标价规定 8, R21).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from marketplace.kit.money import share
from marketplace.pricing.rules.plans import MealPlan, Party, Promotion, RatePlan

ORDER = (
    "nights",
    "single_use_discount",
    "length_of_stay_discount",
    "early_booking_discount",
    "promotion",
    "companion_beds",
    "meals",
    "care",
    "service_fee",
)
# What is paid for the room itself.
ROOM = frozenset(ORDER[:5])


class Charge(NamedTuple):
    """One step of a price. ``threshold`` is the nights or days that a discount asks for, or the level of care."""

    code: str
    amount: int
    unit_amount: int | None = None
    quantity: int | None = None
    bps: int | None = None
    threshold: int | None = None


class _Share(NamedTuple):
    """A discount that applies: its share of what is left, or of the nights of ``units`` alone."""

    code: str
    bps: int
    threshold: int | None = None
    units: int | None = None


def charges(  # noqa: PLR0913 - a price depends on these facts, each named at the call.
    amount: int,
    *,
    night_count: int,
    check_in: date,
    party: Party,
    plan: RatePlan,
    asked_on: date,
    promotion: Promotion | None = None,
) -> list[Charge]:
    """Return the steps of a price whose nights sum to ``amount`` for one unit; those that change nothing are left out.

    The plan must offer what the party chose (``check_offered``).
    """
    left = amount * party.unit_count
    steps = [Charge("nights", left, quantity=night_count * party.unit_count)]
    for one in _shares(night_count, (check_in - asked_on).days, party, plan):
        off = _off(one, amount, left)
        left -= off
        steps.append(Charge(one.code, -off, quantity=one.units, bps=one.bps, threshold=one.threshold))
    if promotion is not None:
        off = _promoted(promotion, left)
        left -= off
        steps.append(Charge("promotion", -off, bps=promotion.discount_bps))
    extras = list(_extras(night_count, party, plan))
    fee = share(left + sum(step.amount for step in extras), plan.service_fee_bps)
    steps += [*extras, Charge("service_fee", fee, bps=plan.service_fee_bps)]
    return [step for step in steps if step.amount]


def stay_total(  # noqa: PLR0913 - a price depends on these facts, each named at the call.
    amount: int,
    *,
    night_count: int,
    check_in: date,
    party: Party,
    plan: RatePlan,
    asked_on: date,
    promotion: Promotion | None = None,
) -> int:
    """Return what ``price_stay`` sums to, from the sum of the nights of one unit.

    The nights come in only as their sum and number, so a search may price many stays from sums that it has already.
    """
    left = amount * party.unit_count
    for one in _shares(night_count, (check_in - asked_on).days, party, plan):
        left -= _off(one, amount, left)
    if promotion is not None:
        left -= _promoted(promotion, left)
    total = left
    if party.companion_bed_count or party.care_levels or party.meal_plan is not MealPlan.NONE:
        total += sum(step.amount for step in _extras(night_count, party, plan))
    return total + share(total, plan.service_fee_bps) if plan.service_fee_bps else total


def _shares(night_count: int, days_ahead: int, party: Party, plan: RatePlan) -> list[_Share]:
    """Return the discounts that apply, in the order in which they are taken off."""
    found = []
    if party.single_use_count and plan.supplements.single_use_bps:
        found.append(_Share("single_use_discount", plan.supplements.single_use_bps, units=party.single_use_count))
    long = None
    for discount in plan.length_of_stay:
        if discount.nights_min <= night_count and (long is None or discount.nights_min > long.nights_min):
            long = discount
    if long is not None:
        found.append(_Share("length_of_stay_discount", long.discount_bps, long.nights_min))
    early = None
    for booking in plan.early_booking:
        if booking.days_ahead_min <= days_ahead and (early is None or booking.days_ahead_min > early.days_ahead_min):
            early = booking
    if early is not None:
        found.append(_Share("early_booking_discount", early.discount_bps, early.days_ahead_min))
    return found


def _off(one: _Share, amount: int, left: int) -> int:
    """Return what a discount takes off; it never takes the last fen."""
    return min(share(left if one.units is None else amount * one.units, one.bps), left - 1)


def _promoted(promotion: Promotion, left: int) -> int:
    off = promotion.discount_amount or share(left, promotion.discount_bps or 0)
    return min(off, left - 1)


def _extras(night_count: int, party: Party, plan: RatePlan) -> Iterator[Charge]:
    prices = plan.supplements
    if party.companion_bed_count:
        yield _nightly("companion_beds", prices.companion_bed_amount or 0, party.companion_bed_count, night_count)
    if party.meal_plan is not MealPlan.NONE:
        yield _nightly("meals", prices.meal_amounts[party.meal_plan], party.guest_count, night_count)
    for level, guests in sorted(Counter(party.care_levels).items()):
        yield _nightly("care", prices.care_amounts[level], guests, night_count, level)


def _nightly(code: str, unit_amount: int, count: int, night_count: int, level: int | None = None) -> Charge:
    quantity = count * night_count
    return Charge(code, unit_amount * quantity, unit_amount=unit_amount, quantity=quantity, threshold=level)
