"""The price of a stay, written out: its steps and their order are in ``rules.charges``."""

from collections.abc import Sequence
from datetime import date, timedelta

from marketplace.inventory.rules import STAY_NIGHTS_MAX, Night
from marketplace.kit.errors import invalid
from marketplace.kit.money import yuan
from marketplace.pricing.rules.charges import ROOM, charges
from marketplace.pricing.rules.plans import Party, Promotion, RatePlan
from marketplace.pricing.rules.records import Line
from marketplace.pricing.rules.wording import line_of

CURRENCY = "CNY"


def price_stay(
    nights: Sequence[Night], *, party: Party, plan: RatePlan, asked_on: date, promotion: Promotion | None = None
) -> tuple[Line, ...]:
    """Return the lines of a price, in the published order: at least one, summing to more than zero.

    ``nights`` are consecutive; those of one price that follow each other make one line. ``asked_on`` is the local date of
    the asking. The sum is ``stay_total`` of the sum of the nights.
    """
    further = adjustments(
        sum(night.price_amount for night in nights),
        night_count=len(nights),
        check_in=nights[0].night,
        party=party,
        plan=plan,
        asked_on=asked_on,
        promotion=promotion,
    )
    return (*(_nights_line(run, party.unit_count) for run in _runs(nights)), *further)


def adjustments(  # noqa: PLR0913 - a price depends on these facts, each named at the call.
    amount: int,
    *,
    night_count: int,
    check_in: date,
    party: Party,
    plan: RatePlan,
    asked_on: date,
    promotion: Promotion | None = None,
) -> tuple[Line, ...]:
    """Return the lines of a price that are not its nights, which sum to ``amount`` for one unit."""
    steps = charges(
        amount,
        night_count=night_count,
        check_in=check_in,
        party=party,
        plan=plan,
        asked_on=asked_on,
        promotion=promotion,
    )
    return tuple(line_of(step, party=party, night_count=night_count, promotion=promotion) for step in steps[1:])


def total_of(lines: Sequence[Line]) -> int:
    """Return the sum of the lines."""
    return sum(line.amount for line in lines)


def room_amount(lines: Sequence[Line]) -> int:
    """Return what is paid for the room alone: the nights and what was taken off them."""
    return sum(line.amount for line in lines if line.code in ROOM)


def struck_through(lines: Sequence[Line], *, lowest_deal: int | None) -> int | None:
    """Return the price that may be shown struck through beside a total, or None when none lawfully may.

    It is the price of the room before discounts, but never above the least that a unit of the room type was sold for a
    night in the seven days before (明码标价和禁止价格欺诈规定 16, 20; R21), with the same supplements; and it is shown only
    when the total is really lower.
    """
    nights = [line for line in lines if line.code == "nights"]
    if lowest_deal is None or not nights:
        return None
    before = min(sum(line.amount for line in nights), lowest_deal * sum(line.quantity or 0 for line in nights))
    saved = before - room_amount(lines)
    return total_of(lines) + saved if saved > 0 else None


def _runs(nights: Sequence[Night]) -> list[list[Night]]:
    runs: list[list[Night]] = []
    for night in nights:
        if runs and runs[-1][-1].price_amount == night.price_amount:
            runs[-1].append(night)
        else:
            runs.append([night])
    return runs


def _nights_line(run: Sequence[Night], unit_count: int) -> Line:
    price, quantity = run[0].price_amount, len(run) * unit_count
    units_zh = f" × {unit_count} 间" if unit_count > 1 else ""
    units_en = f" × {unit_count} units" if unit_count > 1 else ""
    return Line(
        code="nights",
        reason_zh=f"{yuan(price)} × {len(run)} 晚{units_zh}",
        reason_en=f"{yuan(price)} × {len(run)} nights{units_en}",
        amount=price * quantity,
        unit_amount=price,
        quantity=quantity,
        first_night=run[0].night,
        end_on=run[-1].night + timedelta(days=1),
    )


def check_dates(*, check_in: date, check_out: date, today: date) -> None:
    """Refuse dates of which no stay can be made. Refuses: Invalid naming the field."""
    if check_in < today:
        raise invalid("check_in", zh="入住日期已过", en="Check-in is in the past.")
    if check_out <= check_in:
        raise invalid("check_out", zh="离店日期须晚于入住日期", en="Check-out must be after check-in.")
    if (check_out - check_in).days > STAY_NIGHTS_MAX:
        raise invalid(
            "check_out", zh=f"一次最多预订 {STAY_NIGHTS_MAX} 晚", en=f"A stay lasts at most {STAY_NIGHTS_MAX} nights."
        )
